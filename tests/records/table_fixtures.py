"""Tables of images that the tests of this folder write and expect to be refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ugembed.errors import UgembedError
from ugembed.records.points import read_points


def written(folder: Path, text: str, name: str = "points.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path, columns: Mapping[str, str] | None = None) -> UgembedError:
    with pytest.raises(UgembedError) as caught:
        read_points(path, columns=columns)
    assert caught.value.hint
    return caught.value
