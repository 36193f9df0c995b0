"""Whatever is done to a picture, it is accepted or refused with a code, and header and decoder agree."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from ugembed.errors import DataError
from ugembed.records.images import ImageHeader, load_image, probe_image

SIZE = (64, 48)
FORMATS = ("jpg", "png", "webp", "gif", "bmp", "tif")
CODES = {"image-broken", "image-empty", "image-bomb", "image-mode"}


def picture(folder: Path, suffix: str) -> bytes:
    """A sound file: soft colours with noise."""
    rng = np.random.default_rng(3)
    soft = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize(SIZE)
    pixels = np.asarray(soft).astype(int) + rng.integers(-9, 9, (*SIZE[::-1], 1))
    path = folder / f"sound.{suffix}"
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return path.read_bytes()


def said(read: Callable[[Path], ImageHeader | Image.Image], path: Path) -> str:
    """The size that was read, or the code of the refusal."""
    try:
        found = read(path)
    except DataError as error:
        return error.code
    width, height = sorted(found.size if isinstance(found, Image.Image) else found[:2])  # the decoder turns it upright
    return f"{width} x {height}"


def verdicts(path: Path, data: bytes) -> tuple[str, ...]:
    """What the header's reader and the decoder say: ``ok``, or a code. Both must agree on size and refusals."""
    path.write_bytes(data)
    header, decoded = said(probe_image, path), said(load_image, path)
    assert decoded == header or (header not in CODES and decoded in CODES)
    return tuple(told if told in CODES else "ok" for told in (header, decoded))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


def code_of(path: Path, data: bytes) -> str:
    header, decoded = verdicts(path, data)
    assert {header, decoded} <= CODES | {"ok"}
    return decoded


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_picture_cut_at_every_hundredth_is_refused(tmp_path: Path, suffix: str) -> None:
    data = picture(tmp_path, suffix)
    assert verdicts(tmp_path / "cut", data) == ("ok", "ok")
    told = [verdicts(tmp_path / "cut", data[: len(data) * percent // 100]) for percent in range(100)]
    assert {decoded for _, decoded in told} == {"image-broken"}
    assert {header for header, _ in told} <= {"ok", "image-broken"}


@pytest.mark.parametrize("suffix", FORMATS)
def test_header_and_decoder_agree_on_damaged_bytes(tmp_path: Path, suffix: str) -> None:
    data = picture(tmp_path, suffix)
    rng = random.Random(suffix)
    outcomes: Counter[str] = Counter()
    for _ in range(400):
        changed = bytearray(data)
        reach = len(data) if rng.random() < 0.3 else min(200, len(data))  # most of them where the header is
        for _ in range(rng.choice((1, 1, 3, 9))):
            changed[rng.randrange(reach)] = rng.choice((0, 0xFF, rng.randrange(256)))
        outcomes.update(verdicts(tmp_path / "changed", bytes(changed)))
    assert set(outcomes) <= CODES | {"ok"}
    assert outcomes["image-broken"] > 10
    assert outcomes["ok"] > 10


def test_sizes_that_no_memory_holds_are_refused_from_the_header(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        assert code_of(tmp_path / "a.png", png(100_000, 100_000)) == "image-bomb"
        assert code_of(tmp_path / "a.png", png(2**31 - 1, 2**31 - 1)) == "image-bomb"
        assert code_of(tmp_path / "a.bmp", bmp(100_000, 100_000)) == "image-bomb"
        assert code_of(tmp_path / "a.gif", gif(65_535, 65_535)) == "image-bomb"
        assert code_of(tmp_path / "a.webp", webp(16_383, 16_383)) == "image-bomb"
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IIIIiiHHIIiiII", 60, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(6)


def gif(width: int, height: int) -> bytes:
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0)
    return b"GIF89a" + screen + bytes(6) + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02D\x01\x00;"


def webp(width: int, height: int) -> bytes:
    """A lossless picture of which only the header is there."""
    bits = (width - 1) | (height - 1) << 14
    data = b"\x2f" + struct.pack("<I", bits) + bytes(11)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_pictures_without_pixels_are_refused(tmp_path: Path) -> None:
    for width, height in ((0, 1), (1, 0), (0, 0)):
        assert code_of(tmp_path / "a.png", png(width, height)) in ("image-broken", "image-empty")
        assert code_of(tmp_path / "a.gif", gif(width, height)) in ("image-broken", "image-empty")
        assert code_of(tmp_path / "a.bmp", bmp(width, height)) in ("image-broken", "image-empty")


def test_texts_that_unpack_without_end_are_refused(tmp_path: Path) -> None:
    bomb = chunk(b"zTXt", b"comment\0\0" + zlib.compress(bytes(100 * PngImagePlugin.MAX_TEXT_CHUNK)))
    tracemalloc.start()
    try:
        assert code_of(tmp_path / "a.png", png(10, 10, bomb)) == "image-broken"
        assert tracemalloc.get_traced_memory()[1] < 8 * PngImagePlugin.MAX_TEXT_CHUNK
    finally:
        tracemalloc.stop()


def test_the_content_counts_not_the_ending(tmp_path: Path) -> None:
    assert verdicts(tmp_path / "a.png", picture(tmp_path, "jpg")) == ("ok", "ok")
    assert probe_image(tmp_path / "a.png") == (*SIZE, "JPEG")
    assert code_of(tmp_path / "a.jpg", b"<html><body>404 Not Found</body></html>") == "image-broken"
    assert code_of(tmp_path / "a.jpg", b"") == "image-broken"


def test_a_picture_that_is_all_zeros_after_its_start_is_refused(tmp_path: Path) -> None:
    """As a crash or a full disk leaves it."""
    assert code_of(tmp_path / "a.jpg", b"\xff\xd8\xff" + bytes(100_000)) == "image-broken"
    data = picture(tmp_path, "jpg")
    assert code_of(tmp_path / "a.jpg", data[:40] + bytes(len(data) - 40)) == "image-broken"
