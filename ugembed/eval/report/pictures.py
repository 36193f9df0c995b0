"""Pictures inside the page."""

from __future__ import annotations

from pathlib import Path

from ugembed.pages import data_uri
from ugembed.records.images import load_image


def picture_uri(path: Path, size: int) -> str:
    """``data:image/jpeg;base64,…`` of a picture, scaled down to fit ``size`` x ``size`` pixels.

    Raises:
        DataError: ``image-missing``, ``image-broken`` and what else `load_image` refuses.
    """
    image = load_image(path)
    image.thumbnail((size, size))
    return data_uri(image, format="JPEG", quality=82)
