"""Smaller vectors: what they are, how they are compared, and how much of the ranking they keep."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugembed.errors import DataError
from ugembed.models.outputs import (
    Int8,
    agreement,
    binary,
    hamming,
    integer_products,
    signed_scores,
    signs,
    truncated,
)


def unit(rows: int, dimension: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def clustered(rows: int, dimension: int, seed: int = 0) -> np.ndarray:
    """Fifty clusters, and a few dimensions much larger than the rest, as in vectors of language models."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((50, dimension))
    vectors = centres[rng.integers(0, 50, rows)] + 0.5 * rng.standard_normal((rows, dimension))
    vectors[:, :4] *= 8
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), st.integers(1, 40), st.data())
def test_truncated_vectors_are_the_head_at_unit_length(rows: int, dimension: int, data: st.DataObject) -> None:
    vectors, kept = unit(rows, dimension), data.draw(st.integers(1, dimension))
    short = truncated(vectors, kept)
    assert short.shape == (rows, kept)
    assert short.dtype == np.float32
    assert np.allclose(np.linalg.norm(short, axis=1), 1, atol=1e-5)
    assert np.allclose(short * np.linalg.norm(vectors[:, :kept], axis=1, keepdims=True), vectors[:, :kept], atol=1e-6)


def test_dimensions_that_do_not_exist_or_hold_nothing_are_refused() -> None:
    for dimension in (0, 9, -1):
        with pytest.raises(DataError) as caught:
            truncated(unit(2, 8), dimension)
        assert caught.value.code == "dimension-range"
    with pytest.raises(DataError) as caught:
        truncated(np.eye(3, dtype=np.float32), 2)
    assert caught.value.code == "vector-zero"
    assert "row 2" in caught.value.message


def test_eight_bits_come_back_to_within_half_a_step() -> None:
    vectors = clustered(300, 48)
    codec = Int8.calibrated(vectors)
    codes = codec.encode(vectors)
    assert codes.dtype == np.int8
    assert np.abs(codes).max() == 127
    assert (np.abs(codec.decode(codes) - vectors) <= codec.scale / 2 + 1e-6).all()
    beyond = codec.encode(vectors * 10)
    assert beyond.min() == -127
    assert beyond.max() == 127


def test_coverage_clips_the_rare_and_refines_the_rest() -> None:
    vectors = np.full((1000, 1), 0.1, dtype=np.float32)
    vectors[0] = 10
    assert Int8.calibrated(vectors, coverage=0.99).scale[0] == pytest.approx(0.1 / 127)
    assert Int8.calibrated(vectors).scale[0] == pytest.approx(10 / 127)


def test_a_dimension_that_was_always_zero_can_be_coded() -> None:
    vectors = np.array([[1.0, 0.0]], dtype=np.float32)
    codec = Int8.calibrated(vectors)
    assert np.allclose(codec.decode(codec.encode(vectors)), vectors, atol=1e-6)


@pytest.mark.parametrize("dimension", [1, 7, 1024, 2500])
def test_integer_products_are_exact(dimension: int) -> None:
    rng = np.random.default_rng(dimension)
    left = rng.integers(-127, 128, (5, dimension), dtype=np.int8)
    left[0], right = 127, rng.integers(-127, 128, (9, dimension), dtype=np.int8)
    right[0] = 127
    assert np.array_equal(integer_products(left, right), left.astype(np.int64) @ right.astype(np.int64).T)


def test_scores_of_eight_bits_are_close_to_cosines() -> None:
    queries, documents = clustered(20, 64, 1), clustered(200, 64, 2)
    codec = Int8.calibrated(documents)
    scores = codec.scores(queries, codec.encode(documents))
    assert np.abs(scores - queries @ documents.T).max() < 0.02


def test_calibrations_survive_the_disk_to_the_bit_and_others_are_refused(tmp_path: Path) -> None:
    codec = Int8.calibrated(clustered(50, 16))
    codec.save(tmp_path / "scales.txt")
    assert np.array_equal(Int8.load(tmp_path / "scales.txt").scale, codec.scale)
    for text in ("", "1.0 x", "1.0 -1.0", "nan", "inf"):
        (tmp_path / "bad.txt").write_text(text)
        with pytest.raises(DataError) as caught:
            Int8.load(tmp_path / "bad.txt")
        assert caught.value.code == "calibration"
    for sample in (np.zeros((0, 4)), np.zeros(4), np.full((2, 2), np.nan)):
        with pytest.raises(DataError):
            Int8.calibrated(sample.astype(np.float32))
    with pytest.raises(DataError):
        codec.encode(unit(2, 15))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(1, 150))
def test_distances_of_packed_signs_agree_with_counting(rows: int, dimension: int) -> None:
    left, right = unit(rows, dimension, 1), unit(7, dimension, 2)
    twin = [[int(((a > 0) != (b > 0)).sum()) for b in right] for a in left]
    assert hamming(binary(left), binary(right)).tolist() == twin
    restored = signs(binary(left), dimension)
    assert np.array_equal(restored > 0, left > 0)
    assert np.allclose(np.linalg.norm(restored, axis=1), 1, atol=1e-5)
    inner = signs(binary(left), dimension) @ signs(binary(right), dimension).T
    assert np.allclose(inner, 1 - 2 * np.array(twin) / dimension, atol=1e-5)
    assert np.allclose(signed_scores(left, binary(right)), left @ signs(binary(right), dimension).T, atol=1e-6)


def test_codes_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        hamming(binary(unit(1, 8)), binary(unit(1, 9)))
    assert caught.value.code == "dimension-range"


def test_agreement_counts_shared_answers() -> None:
    exact = np.array([[4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]])
    assert agreement(exact, exact, 2) == 1
    assert agreement(-exact, exact, 2) == 0
    assert agreement(np.array([[4.0, 1.0, 2.0, 3.0]]), exact[:1], 2) == 0.5


def kept_of_the_ten_best(queries: np.ndarray, documents: np.ndarray) -> dict[str, float]:
    """Agreement at 10 with exact search, by the names of the table in docs/models.md."""
    exact = queries @ documents.T
    codec, bits = Int8.calibrated(documents[:1000]), binary(documents)
    half = truncated(queries, queries.shape[1] // 2) @ truncated(documents, queries.shape[1] // 2).T
    close = codec.scores(queries, codec.encode(documents))
    coarse = -hamming(binary(queries), bits)
    hundredth = np.sort(coarse, axis=1)[:, -100][:, None]
    return {
        "int8": agreement(close, exact, 10),
        "binary, `signed_scores`": agreement(signed_scores(queries, bits), exact, 10),
        "binary, `hamming`": agreement(coarse, exact, 10),
        "binary, the 100 best again by int8": agreement(np.where(coarse >= hundredth, close, -9), exact, 10),
        "first half of the numbers": agreement(half, exact, 10),
    }


def test_the_page_says_how_much_of_the_ranking_smaller_vectors_keep(root: Path) -> None:
    """docs/models.md: 5000 documents and 100 queries of 512 numbers, random and in clusters."""
    page = (root / "docs" / "models.md").read_text(encoding="utf-8")
    tables = [kept_of_the_ten_best(all_[:100], all_[100:]) for all_ in (unit(5100, 512), clustered(5100, 512))]
    for name in tables[0]:
        found = re.search(rf"^\| {re.escape(name)} \|[^|]*\| ([0-9.]+) \| ([0-9.]+) \|$", page, re.MULTILINE)
        assert found, f"docs/models.md has no row for {name}: {[round(table[name], 2) for table in tables]}"
        assert [float(cell) for cell in found.groups()] == pytest.approx([table[name] for table in tables], abs=0.02)
    assert tables[1]["int8"] > 0.9
