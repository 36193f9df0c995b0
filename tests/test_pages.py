"""Pages that stand alone: escaped, strict, whole."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from PIL import Image

from ugembed import __version__
from ugembed.pages import data_uri, write_html


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package whose template prints ``title``."""
    folder = tmp_path / "package_with_a_page" / "templates"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "page.html.jinja").write_text("<p>{{ title }}</p> {{ version }}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, folder.parent.name, raising=False)
    return folder.parent.name


def test_text_is_escaped_and_what_is_no_unicode_is_told(package: str, tmp_path: Path) -> None:
    write_html(tmp_path / "out.html", package, title="<b>&ä\udcff")
    wanted = f"<p>&lt;b&gt;&amp;ä\\udcff</p> {__version__}"
    assert (tmp_path / "out.html").read_text(encoding="utf-8") == wanted


def test_a_page_without_what_it_asks_for_is_not_written(package: str, tmp_path: Path) -> None:
    with pytest.raises(UndefinedError):
        write_html(tmp_path / "out.html", package)
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_picture_is_carried_in_its_address(format: str) -> None:
    start, _, data = data_uri(Image.new("RGB", (3, 2), "red"), format=format).partition(",")
    assert start == f"data:image/{format.lower()};base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert (image.format, image.size) == (format, (3, 2))
