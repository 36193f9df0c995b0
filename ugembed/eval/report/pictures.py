"""Pictures inside the page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from ugembed.records.images import load_image


def picture_uri(path: Path, size: int) -> str:
    """``data:image/jpeg;base64,…`` of a picture, scaled down to fit ``size`` x ``size`` pixels.

    Raises:
        DataError: ``image-missing``, ``image-broken`` and what else `load_image` refuses.
    """
    image = load_image(path)
    image.thumbnail((size, size))
    data = io.BytesIO()
    image.save(data, format="JPEG", quality=82, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"
