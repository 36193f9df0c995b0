"""One picture, ready for a model, and the sizes that pictures are brought to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ugembed.errors import DataError
from ugembed.records.item import ImageSource

_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)
"""Values of EXIF's orientation that stand for a quarter turn."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a family's vision tower eats it.

    Attributes:
        pixels: (p, ...) float32; p patches or tiles.
        grid: (g,) int64, what the family says of the shape: (time, height, width) in patches for Qwen-VL, (height,
            width) in pixels for LLaVA-NeXT, (tiles,) for InternVL.
        tokens: Placeholders that the picture takes in the prompt.
    """

    pixels: Tensor
    grid: Tensor
    tokens: int

    @property
    def nbytes(self) -> int:
        """Bytes of both tensors."""
        return self.pixels.nbytes + self.grid.nbytes


def bounded_size(width: int, height: int, *, min_pixels: int, max_pixels: int) -> tuple[int, int]:
    """(width, height) scaled by one factor, rounded to whole pixels, so that the area is within the bounds.

    A side never falls below one pixel, so an extremely long picture may keep more than ``max_pixels``.
    """
    area = width * height
    if area > max_pixels:
        scale = math.sqrt(max_pixels / area)
        return max(1, math.floor(width * scale)), max(1, math.floor(height * scale))
    if area < min_pixels:
        scale = math.sqrt(min_pixels / area)
        return math.ceil(width * scale), math.ceil(height * scale)
    return width, height


def upright_size(source: ImageSource) -> tuple[int, int]:
    """(width, height) of a picture once it is upright, from its header alone.

    The same as of what `records.images.load_image` decodes, but for EXIF that is damaged behind its orientation.

    Raises:
        DataError: as `records.images.probe_image`.
    """
    from ugembed.records.images import open_image

    if not isinstance(source, Path):
        width, height = source.size
        return width, height
    with open_image(source) as picture:
        try:
            lies = picture.getexif().get(_ORIENTATION, 1) in _LYING
        except Exception:  # as `load_image` has it: damaged EXIF counts as absent
            lies = False
        return (picture.height, picture.width) if lies else (picture.width, picture.height)


def bad_shape(width: int, height: int, why: object) -> DataError:
    """The refusal of a picture that a family's processor cannot take."""
    return DataError(
        f"a picture of {width} x {height} pixels: {why}", code="image-shape", hint="crop or replace the picture"
    )


def floats(values: Any) -> Tensor:
    """A float32 tensor of what a processor returned as numpy."""
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
