"""Pictures from files: a cheap look at the header, and a full decode into RGB. Whatever is doubtful is refused."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ugembed.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 160_000_000
"""Largest accepted width x height: a panorama of 16384 x 8192 passes, a decompression bomb does not."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""Formats that are opened (the multi-picture files of phones pass as JPEG); EPS would run a program of its own."""

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
"""Lower-case file name endings of `FORMATS`."""

_ORIENTATION = 0x0112
_BROKEN_HINT = "fetch the picture again, or remove the row"


class ImageHeader(NamedTuple):
    """What a picture's first bytes tell: size in pixels as stored (before any EXIF rotation) and format name."""

    width: int
    height: int
    format: str


def probe_image(path: Path, *, max_pixels: int = MAX_PIXELS) -> ImageHeader:
    """Read only the header of a picture.

    Raises:
        DataError: ``image-missing``, ``image-broken``, ``image-empty`` (no pixels) or ``image-bomb``.
    """
    with open_image(path, max_pixels=max_pixels) as image:
        return ImageHeader(image.width, image.height, str(image.format))


def load_image(path: Path, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a picture into 8-bit RGB, upright.

    EXIF orientation is applied (EXIF that cannot be read counts as absent), transparency is laid on white, 16-bit grey
    is scaled to 8 bits, CMYK, palette and grey are converted; of an animation the first frame is taken.

    Raises:
        DataError: as `probe_image`, also for a truncated file, or ``image-mode`` for pixels without a known range.
    """
    with open_image(path, max_pixels=max_pixels) as image:
        image.load()
        return _as_rgb(_upright(image), path)


@contextmanager
def open_image(path: Path, *, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """A picture of which only the header was read; what goes wrong in the block is the picture's fault.

    Raises:
        DataError: as `probe_image`.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of damaged EXIF and of sizes that are judged below
            with Image.open(path, formats=FORMATS) as image:
                _check_size(image, path, max_pixels)
                yield image
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: no such picture", code="image-missing", hint="check the path or --root") from None
    except Image.DecompressionBombError:
        raise _bomb(path, f"more than {max_pixels} pixels") from None
    except Exception as error:  # decoders of damaged files raise nearly every type there is
        what = "not a picture of a known format" if isinstance(error, UnidentifiedImageError) else str(error)
        raise DataError(f"{path}: {what}", code="image-broken", hint=_BROKEN_HINT) from None


def _check_size(image: Image.Image, path: Path, max_pixels: int) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise DataError(f"{path}: {width} x {height} pixels", code="image-empty", hint=_BROKEN_HINT)
    if width * height > max_pixels:
        raise _bomb(path, f"{width} x {height} pixels, more than {max_pixels}")


def _bomb(path: Path, what: str) -> DataError:
    return DataError(f"{path}: {what}", code="image-bomb", hint="scale the picture down, or remove the row")


def _upright(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    try:
        turned = image.getexif().get(_ORIENTATION, 1) in range(2, 9)
        return ImageOps.exif_transpose(image) if turned else image
    except Exception:  # EXIF is decoration: when it is damaged, the picture is taken as stored
        return image


def _as_rgb(image: Image.Image, path: Path) -> Image.Image:
    from PIL import Image

    if image.mode.startswith("I"):
        image = _from_16_bit(image, path)
    if image.mode in ("F", "LAB", "HSV"):
        raise _unknown_range(path, image.mode)
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def _from_16_bit(image: Image.Image, path: Path) -> Image.Image:
    import numpy as np
    from PIL import Image

    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 0xFFFF:
        raise _unknown_range(path, image.mode)
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _unknown_range(path: Path, mode: str) -> DataError:
    return DataError(
        f"{path}: pixels of mode {mode!r} have no known range",
        code="image-mode",
        hint="save the picture as 8-bit RGB",
    )
