"""What it costs to read the header of a picture, against decoding it. Prints one table.

Made photographs as JPEG of 1 to 2 megapixels, half of them with EXIF, the other formats at one size, and real street
views where the shared data is there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from compare import compare
from PIL import Image

from ugembed.records.images import load_image, probe_image

SIZES = ((1024, 1024), (1280, 960), (1600, 1200), (2048, 1024))
OTHERS = ("png", "webp", "gif", "bmp", "tif")
PHOTOGRAPHS = 16
HEADERS_A_RUN = 1_600
SHARED = Path(os.environ.get("UGEMBED_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
REAL = SHARED / "streetview" / "stuttgart" / "images"


def photograph(seed: int, size: tuple[int, int]) -> Image.Image:
    """Soft shapes under fine noise: about the bytes a pixel of a real street view."""
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    noise = rng.integers(-12, 13, (size[1], size[0], 1))
    return Image.fromarray(np.clip(np.asarray(soft) + noise, 0, 255).astype(np.uint8))


def exif() -> Image.Exif:
    """What a phone writes, with a position."""
    tags = Image.Exif()
    tags.update({0x010F: "Camera", 0x0110: "Model", 0x0112: 1, 0x0132: "2026:05:01 12:00:00"})
    tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 46.0, 20.4), 3: "E", 4: (9.0, 10.0, 28.1), 16: "T", 17: 24.9})
    return tags


def write_photographs(folder: Path) -> list[Path]:
    paths = [folder / f"{i:02d}.jpg" for i in range(PHOTOGRAPHS)]
    for i, path in enumerate(paths):
        options = {"exif": exif()} if i % 2 else {}
        photograph(i, SIZES[i % len(SIZES)]).save(path, quality=85, **options)
    return paths


def headers(paths: Sequence[Path]) -> None:
    for _ in range(HEADERS_A_RUN // len(paths)):
        for path in paths:
            probe_image(path)


def decode(paths: Sequence[Path]) -> None:
    for path in paths:
        load_image(path)


def row(name: str, paths: Sequence[Path]) -> str:
    """One line of the table: pictures a second of both, and their ratio, each from medians."""
    contestants: dict[str, Callable[[], object]] = {"header": partial(headers, paths), "decode": partial(decode, paths)}
    measured = compare(contestants)
    rounds = HEADERS_A_RUN // len(paths)
    a_second = rounds * len(paths) / measured.median("header"), len(paths) / measured.median("decode")
    ratio = rounds * measured.ratio("decode")
    kilobytes = sum(path.stat().st_size for path in paths) / len(paths) / 1e3
    return f"| {name} | {kilobytes:,.0f} | {a_second[0]:,.0f} | {a_second[1]:,.0f} | {ratio:,.0f} × |"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = write_photographs(Path(folder))
        for path in paths:
            header = probe_image(path)
            assert (header.width, header.height) == load_image(path).size
        print("| pictures | kB each | headers/s | decoded/s | a header is cheaper by |")
        print("|---|---|---|---|---|")
        print(row("JPEG, 1 to 2 megapixels", [path for i, path in enumerate(paths) if i % 2 == 0]))
        print(row("the same with EXIF", [path for i, path in enumerate(paths) if i % 2]))
        if real := sorted(REAL.glob("*.jp*g")):
            print(row(f"{len(real)} real street views, JPEG", real))
        for suffix in OTHERS:
            path = Path(folder) / f"other.{suffix}"
            photograph(0, SIZES[1]).save(path)
            print(row(suffix.upper(), [path]))


if __name__ == "__main__":
    main()
