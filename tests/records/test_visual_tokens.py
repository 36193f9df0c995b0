"""Tokens of pictures agree with Qwen2.5-VL's own resizing."""

from __future__ import annotations

import math
from random import Random

import pytest

from ugembed.records.visual_tokens import MAX_PIXELS, MIN_PIXELS, visual_tokens


def smart_resize(height: int, width: int, factor: int, min_pixels: int, max_pixels: int) -> tuple[int, int]:
    """As published by the Qwen team (Apache 2.0), without its refusal of sides above 200 to 1."""
    h_bar = round(height / factor) * factor
    w_bar = round(width / factor) * factor
    if h_bar * w_bar > max_pixels:
        beta = math.sqrt((height * width) / max_pixels)
        h_bar = max(factor, math.floor(height / beta / factor) * factor)
        w_bar = max(factor, math.floor(width / beta / factor) * factor)
    elif h_bar * w_bar < min_pixels:
        beta = math.sqrt(min_pixels / (height * width))
        h_bar = math.ceil(height * beta / factor) * factor
        w_bar = math.ceil(width * beta / factor) * factor
    return h_bar, w_bar


def test_tokens_are_squares_of_the_resized_picture() -> None:
    random = Random(1)
    sizes = [(random.randrange(1, 5000), random.randrange(1, 5000)) for _ in range(2000)]
    for width, height in [*sizes, (1, 1), (28, 28), (56, 56), (14, 42), (16384, 8192), (1, 3000)]:
        for unit, bounds in ((28, (MIN_PIXELS, MAX_PIXELS)), (32, (65536, 16777216))):
            rows, columns = smart_resize(height, width, unit, *bounds)
            found = visual_tokens(width, height, min_pixels=bounds[0], max_pixels=bounds[1], unit=unit)
            assert found == rows * columns // unit**2


@pytest.mark.parametrize(("size", "tokens"), [((8, 6), 6), ((1024, 768), 19 * 26), ((280, 280), 100)])
def test_known_sizes(size: tuple[int, int], tokens: int) -> None:
    assert visual_tokens(*size) == tokens
