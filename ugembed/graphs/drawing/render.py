"""Figures to bytes: no display, no global state left behind, and the same figure always gives the same bytes."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 144
"""Pixels an inch of a PNG."""

POINTS = 72.0
"""Points an inch."""

FONT = "'DejaVu Sans', 'Noto Sans', sans-serif"
"""Of texts in an SVG that stands alone."""

_WANTED_FONTS = (
    "DejaVu Sans", "Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "PingFang SC", "Hiragino Sans",
    "Microsoft YaHei", "Malgun Gothic", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai",
    "Noto Sans Devanagari", "Noto Sans Georgian", "Noto Sans Armenian", "Arial Unicode MS",
)  # fmt: skip
_MISSING_GLYPH = r"Glyph \d+ .* missing from font"
_TAG = re.compile(r"<[^>]+>")  # in texts both signs are escaped, so no text is taken for a tag
_FONT = re.compile(r"font-family: [^;\"]*")
_COLOUR = re.compile("#[0-9a-f]{6}")
_DECIMALS = re.compile(r"(\.\d\d)\d+")
_OWN_ID = re.compile(r' id="[A-Za-z0-9]+_\d+"')  # patch_1, LineCollection_2: nothing refers to them
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@cache
def font_families() -> list[str]:
    """The fonts that texts try in turn, of those that are installed; the first comes with matplotlib."""
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return [name for name in _WANTED_FONTS if name in installed]


def new_figure(width_pt: float, height_pt: float) -> Figure:
    """An empty figure of a size in points."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_pt / POINTS, height_pt / POINTS), dpi=DPI)


def add_axes(figure: Figure, *, left: float, bottom: float, width: float, height: float) -> Any:
    """Axes without ticks at a place in points, whose own unit is the point; both start at (0, 0)."""
    wide, high = figure.get_size_inches() * POINTS
    axes = figure.add_axes((left / wide, bottom / high, width / wide, height / high))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    return axes


def text_width(text: str, size: float) -> float:
    """How wide a text is drawn, in points."""
    from matplotlib.font_manager import FontProperties

    with quiet():
        width, _, _ = _measure().get_text_width_height_descent(
            text, FontProperties(family=font_families(), size=size), False
        )
    return float(width)


@cache
def _measure() -> Any:
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(1, 1, POINTS)


def png_bytes(figure: Figure) -> bytes:
    """The figure as PNG of `DPI`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    with quiet():
        canvas.draw()
    data = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(data, "PNG", optimize=True)
    return data.getvalue()


def svg_text(figure: Figure, *, salt: str, font: str = FONT, variables: Mapping[str, str] | None = None) -> str:
    """The figure as an SVG element whose texts stay texts.

    Args:
        figure: What to draw.
        salt: Goes into the ids; two figures on one page want different ones.
        font: CSS font families. The reader's fonts then decide which scripts can be seen, not those installed here.
        variables: Colour, as ``#rrggbb``, to the CSS variable that takes its place.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    data = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}), quiet():
        FigureCanvasSVG(figure).print_svg(data, metadata=_NO_METADATA)
    svg = data.getvalue()

    def tidied(tag: re.Match[str]) -> str:
        text = _DECIMALS.sub(r"\1", _FONT.sub(f"font-family: {font}", _OWN_ID.sub("", tag[0])))
        return _COLOUR.sub(lambda found: variables.get(found[0], found[0]), text) if variables else text

    return _TAG.sub(tidied, svg[svg.index("<svg") :])


@contextmanager
def quiet() -> Iterator[None]:
    """Without a warning for every glyph that no installed font has; those are drawn as boxes, as the page says."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_MISSING_GLYPH, category=UserWarning)
        yield
