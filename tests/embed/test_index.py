"""FAISS against its slow numpy twin."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ugembed.embed.index import FaissIndex, NumpyIndex
from ugembed.errors import StoreError


def unit(rows: int, dimension: int, seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize(("rows", "k"), [(1, 1), (7, 3), (500, 10), (500, 500), (20, 50)])
def test_faiss_and_numpy_find_the_same_rows_with_the_same_scores(rows: int, k: int) -> None:
    vectors, queries = unit(rows, 24, 1), unit(9, 24, 2)
    scores, found = FaissIndex(vectors).search(queries, k)
    expected_scores, expected = NumpyIndex(vectors).search(queries, k)
    assert found.shape == (9, min(k, rows))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)


def test_the_nearest_of_a_stored_vector_is_itself() -> None:
    vectors = unit(30, 16, 3)
    scores, found = FaissIndex(vectors).search(vectors, 1)
    assert found[:, 0].tolist() == list(range(30))
    np.testing.assert_allclose(scores[:, 0], 1.0, atol=1e-6)


@pytest.mark.parametrize("make", [FaissIndex, NumpyIndex])
def test_wrong_questions_are_refused(make: type[FaissIndex] | type[NumpyIndex]) -> None:
    vectors = unit(3, 8, 4)
    for queries, k, code in [(unit(1, 9, 5), 1, "dimension-mismatch"), (unit(1, 8, 5), 0, "bad-k")]:
        with pytest.raises(StoreError) as caught:
            make(vectors).search(queries, k)
        assert caught.value.code == code
    with pytest.raises(StoreError) as caught:
        make(vectors[:0]).search(vectors, 1)
    assert caught.value.code == "store-empty"
