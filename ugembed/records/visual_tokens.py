"""How many tokens a picture becomes, told from its size alone."""

from __future__ import annotations

import math

MIN_PIXELS = 3136
MAX_PIXELS = 400_000
"""Bounds of the area in pixels that Qwen2.5-VL scales pictures into in the reference's training."""


def visual_tokens(
    width: int, height: int, *, min_pixels: int = MIN_PIXELS, max_pixels: int = MAX_PIXELS, unit: int = 28
) -> int:
    """Number of language model tokens of a picture after Qwen2.5-VL's resizing (``smart_resize`` in transformers).

    Both sides are rounded to multiples of ``unit`` pixels (patches of 14, merged 2 x 2); if the area is then out of
    bounds, both are scaled by one factor so that it is just inside. A token is a square of ``unit`` by ``unit`` pixels.
    As in transformers 5.23; the Qwen team's older function kept at least one unit first.
    """
    rows, columns = round(height / unit), round(width / unit)
    if rows * columns * unit**2 > max_pixels:
        shrink = math.sqrt(width * height / max_pixels)
        rows, columns = max(1, math.floor(height / shrink / unit)), max(1, math.floor(width / shrink / unit))
    elif rows * columns * unit**2 < min_pixels:
        grow = math.sqrt(min_pixels / (width * height))
        rows, columns = math.ceil(height * grow / unit), math.ceil(width * grow / unit)
    return rows * columns
