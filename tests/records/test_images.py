"""Pictures are read into upright RGB, or refused with a code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ugembed.errors import DataError
from ugembed.records.images import load_image, probe_image

RED = (255, 0, 0)


def code_of(call: object, path: Path, **options: int) -> str:
    with pytest.raises(DataError) as caught:
        call(path, **options)  # type: ignore[operator]
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value.code


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "bmp", "tif"])
def test_every_known_format_is_probed_and_loaded(tmp_path: Path, suffix: str) -> None:
    path = saved(Image.new("RGB", (7, 5), RED), tmp_path / f"a.{suffix}")
    header = probe_image(path)
    assert (header.width, header.height) == (7, 5)
    image = load_image(path)
    assert (image.mode, image.size) == ("RGB", (7, 5))
    assert np.abs(np.asarray(image).astype(int) - RED).max() <= 6


def test_probing_reads_the_header_only(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    path = saved(Image.fromarray(noise), tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:2000])
    assert probe_image(path) == (64, 64, "PNG")
    assert code_of(load_image, path) == "image-broken"


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))])
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, corner: tuple[int, int]) -> None:
    pixels = np.zeros((4, 8, 3), dtype=np.uint8)
    pixels[0, 0] = RED
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(Image.fromarray(pixels), tmp_path / "a.png", exif=exif)
    turned = np.asarray(load_image(path))
    assert tuple(turned[corner]) == RED
    assert turned.shape[:2] == ((4, 8) if orientation < 5 else (8, 4))


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path) -> None:
    values = np.array([[0, 257, 511, 128 * 257, 65535]], dtype=np.uint16)
    path = saved(Image.fromarray(values), tmp_path / "a.png")
    assert np.asarray(load_image(path))[0, :, 0].tolist() == [0, 1, 2, 128, 255]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0)).convert(mode)
    path = saved(image, tmp_path / "a.png", **({"transparency": 0} if mode == "P" else {}))
    assert load_image(path).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(("mode", "suffix"), [("CMYK", "jpg"), ("L", "png"), ("1", "png"), ("P", "gif")])
def test_other_modes_become_rgb(tmp_path: Path, mode: str, suffix: str) -> None:
    path = saved(Image.new("RGB", (4, 4), "white").convert(mode), tmp_path / f"a.{suffix}")
    assert load_image(path).getpixel((0, 0)) == (255, 255, 255)


def test_pixels_without_a_known_range_are_refused(tmp_path: Path) -> None:
    path = saved(Image.new("F", (2, 2), 0.5), tmp_path / "a.tif")
    assert code_of(load_image, path) == "image-mode"
    path = saved(Image.new("I", (2, 2), 1_000_000), tmp_path / "b.tif")
    assert code_of(load_image, path) == "image-mode"


@pytest.mark.parametrize("read", [probe_image, load_image])
def test_what_is_not_a_sound_picture_is_refused(tmp_path: Path, read: object) -> None:
    assert code_of(read, tmp_path / "gone.jpg") == "image-missing"
    (tmp_path / "text.jpg").write_text("not a picture")
    assert code_of(read, tmp_path / "text.jpg") == "image-broken"
    (tmp_path / "a.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")
    assert code_of(read, tmp_path / "a.eps") == "image-broken"
    assert code_of(read, saved(Image.new("L", (20, 20)), tmp_path / "big.png"), max_pixels=399) == "image-bomb"


@pytest.mark.real_data
def test_every_damaged_picture_is_accepted_or_refused_with_a_code(shared_data: Path) -> None:
    found: dict[str, str] = {}
    for path in sorted((shared_data / "badinput" / "images").iterdir()):
        try:
            found[path.name] = load_image(path).mode
        except DataError as error:
            found[path.name] = error.code
    assert len(found) > 20
    assert set(found.values()) == {"RGB", "image-broken", "image-bomb"}
    assert found["decompression_bomb.gif"] == "image-bomb"
    assert {name for name in found if name.startswith("hopper")} == {
        n for n, c in found.items() if n[0] == "h" and c == "RGB"
    }
    for name in ("truncated_jpeg.jpg", "truncated_image.png", "broken_data_stream.png", "png_decompression_dos.png"):
        assert found[name] == "image-broken"


@pytest.mark.real_data
def test_real_street_views_are_read(shared_data: Path) -> None:
    pictures = sorted((shared_data / "streetview" / "stuttgart" / "images").glob("*.jp*g"))
    assert len(pictures) > 10
    for path in pictures:
        header = probe_image(path)
        assert {header.width, header.height} == set(load_image(path).size)
