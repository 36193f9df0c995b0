"""HTML pages that stand alone: a template whose text is escaped, with every picture inside."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ugembed import __version__
from ugembed.files import write_atomic

if TYPE_CHECKING:
    from PIL.Image import Image

_TEMPLATE = "page.html.jinja"


def write_html(out: Path, package: str, **values: Any) -> None:
    """Fill in ``templates/page.html.jinja`` of a package and write it as the file ``out``.

    All text is escaped, and a name that the template asks for and nobody gave is an error. Bytes of a file name that
    are no UTF-8 are written as ``\\udcff``.

    Args:
        out: The HTML file.
        package: The package that holds the folder ``templates``.
        **values: What the template is about; ``version`` is added.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(_TEMPLATE).render(version=__version__, **values)
    write_atomic(out, page.encode(errors="backslashreplace"))


def data_uri(image: Image, *, format: str, **options: Any) -> str:
    """``data:image/png;base64,…`` of a picture.

    Args:
        image: The picture.
        format: ``PNG`` or ``JPEG``.
        **options: What `PIL.Image.Image.save` takes for the format, e.g. ``quality``.
    """
    data = io.BytesIO()
    image.save(data, format=format, optimize=True, **options)
    return f"data:image/{format.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"
