"""What makes a drawing a map: scale bar and north arrow; and where they stand, so that nothing is written there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ugembed.graphs.drawing.names import Box
from ugembed.graphs.drawing.palette import light
from ugembed.graphs.drawing.render import font_families, text_width

_SMALL = 7.0
_EDGE = 8.0  # points from the frame


def round_length(metres: float) -> float:
    """The largest of 1, 2, 5, 10, 20, … that is not above ``metres``."""
    power = 10.0 ** np.floor(np.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres * (1 + 1e-9)))


def length_text(metres: float) -> str:
    """``200 m``, ``5 km``."""
    return f"{metres / 1000:,g} km" if metres >= 1000 else f"{metres:g} m"


def scale_bar(axes: Any, *, points_per_m: float, width: float) -> Box:
    """Draw a bar of a round length, a fifth of the width or a little less; gives the place it takes."""
    metres = round_length(0.22 * width / points_per_m)
    long, words = metres * points_per_m, length_text(metres)
    box = Box(_EDGE - 4, _EDGE - 4, _EDGE + long + 9 + text_width(words, _SMALL), _EDGE + 9)
    _ground(axes, box)
    y = _EDGE + 1
    axes.plot([_EDGE, _EDGE, _EDGE + long, _EDGE + long], [y + 4, y, y, y + 4], color=light("ink"), lw=1.1, zorder=31)
    put_text(axes, _EDGE + long + 4, y, words, size=_SMALL, colour="ink", va="bottom")
    return box


def north_arrow(axes: Any, *, width: float, height: float) -> Box:
    """Draw an arrow to the north into the upper right corner; gives the place it takes."""
    x, y = width - _EDGE - 7, height - _EDGE - 26
    box = Box(x - 10, y - 3, x + 10, y + 29)
    _ground(axes, box)
    for side, colour in ((-1, "ink"), (1, "soft")):
        axes.fill([x, x + side * 5, x], [y + 17, y, y + 4], color=light(colour), lw=0, zorder=31)
    put_text(axes, x, y + 18, "N", size=_SMALL, colour="ink", ha="center", va="bottom", weight="bold")
    return box


def put_text(axes: Any, x: float, y: float, words: str, *, size: float, colour: str, **how: Any) -> None:
    """Write at a place in points; nothing in the words means anything, dollar signs neither."""
    axes.text(
        x, y, words, fontsize=size, color=light(colour), family=font_families(), parse_math=False,
        **{"zorder": 32, **how},
    )  # fmt: skip


def _ground(axes: Any, box: Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (box.left, box.bottom),
            box.right - box.left,
            box.top - box.bottom,
            boxstyle="round,pad=0,rounding_size=3",
            fc=light("ground"),
            lw=0,
            alpha=0.85,
            zorder=30,
        )
    )
