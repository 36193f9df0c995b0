"""A store gives back what was put in, or says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.eval_fixtures import WordEncoder
from ugembed.embed.encode import encode_distinct
from ugembed.embed.index import NumpyIndex
from ugembed.embed.search import search
from ugembed.embed.store import EmbeddingStore, StoredItem, write_store
from ugembed.errors import CheckpointError, StoreError
from ugembed.files import sha256_file
from ugembed.records.item import Item, Place

ITEMS = [
    Item('Oak Street, <b>&\n"quoted"', id="a"),
    Item("<image>by the river", images=(Path("red_1.png"),), id="b", place=Place(103.85, 1.3, 90.0)),
    Item("<image>from memory", images=(Image.new("RGB", (2, 2)),)),
]


@pytest.fixture
def vectors() -> np.ndarray:
    return np.eye(3, 5, dtype=np.float32)


def stored(items: list[Item]) -> list[StoredItem]:
    return [StoredItem.of(item, line=line) for line, item in enumerate(items, 1)]


def test_a_store_survives_the_round_trip_bit_by_bit(tmp_path: Path, vectors: np.ndarray) -> None:
    source = tmp_path / "items.jsonl"
    source.write_text("{}\n")
    write_store(tmp_path / "store", vectors, stored(ITEMS), fingerprint="f00d", input_file=source)
    store = EmbeddingStore.open(tmp_path / "store")
    assert isinstance(store.vectors, np.memmap)
    assert store.vectors.tobytes() == vectors.tobytes()
    assert store.items == tuple(stored(ITEMS))
    assert store.items[1].place == {"lon": 103.85, "lat": 1.3, "heading_deg": 90.0}
    assert store.items[2].images == (None,)
    assert store.facts == {
        "fingerprint": "f00d",
        "input": str(source),
        "input_sha256": sha256_file(source),
        "count": 3,
        "dimension": 5,
    }


def test_a_flipped_bit_is_found_when_the_store_is_opened(tmp_path: Path, vectors: np.ndarray) -> None:
    write_store(tmp_path / "store", vectors, stored(ITEMS), fingerprint="f")
    file = tmp_path / "store" / "vectors.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(StoreError, match=r"vectors\.npy") as caught:
        EmbeddingStore.open(tmp_path / "store")
    assert caught.value.code == "damaged"


def test_a_pickled_array_is_never_loaded(tmp_path: Path, vectors: np.ndarray) -> None:
    write_store(tmp_path / "store", vectors, stored(ITEMS), fingerprint="f")
    np.save(tmp_path / "store" / "vectors.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError) as caught:
        EmbeddingStore.open(tmp_path / "store", verify=False)
    assert caught.value.code == "store-broken"


@pytest.mark.parametrize("lines", ['{"id": "a"}\n', "not json\n", ""])
def test_item_lines_that_do_not_fit_are_refused(tmp_path: Path, vectors: np.ndarray, lines: str) -> None:
    store = write_store(tmp_path / "store", vectors, stored(ITEMS), fingerprint="f")
    (tmp_path / "store" / "items.jsonl").write_text(lines)
    with pytest.raises(StoreError) as caught:
        _ = store.items
    assert caught.value.code == "store-broken"


def test_what_cannot_be_stored_leaves_no_folder(tmp_path: Path, vectors: np.ndarray) -> None:
    out = tmp_path / "store"
    with pytest.raises(StoreError):
        write_store(out, vectors[:2], stored(ITEMS), fingerprint="f")
    with pytest.raises(CheckpointError):
        write_store(out, 2 * vectors, stored(ITEMS), fingerprint="f")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_not_written_over(tmp_path: Path, vectors: np.ndarray) -> None:
    write_store(tmp_path / "store", vectors, stored(ITEMS), fingerprint="one")
    with pytest.raises(StoreError) as caught:
        write_store(tmp_path / "store", vectors, stored(ITEMS), fingerprint="two")
    assert caught.value.code == "output-exists"
    assert EmbeddingStore.open(tmp_path / "store").facts["fingerprint"] == "one"


def test_search_finds_the_item_that_says_the_same(tmp_path: Path) -> None:
    encoder = WordEncoder()
    items = [Item("oak street market"), Item("pine road school"), Item("river park")]
    vectors, index = encode_distinct(encoder, items)
    store = write_store(tmp_path / "store", vectors[index], stored(items), fingerprint=encoder.fingerprint)
    queries = encoder.encode_items([Item("school pine"), Item("market")])
    answers = search(store, queries, k=2)
    assert [hits[0].item.text for hits in answers] == ["pine road school", "oak street market"]
    assert [len(hits) for hits in answers] == [2, 2]
    assert answers[0][0].score > answers[0][1].score
    by_numpy = search(store, queries, k=2, make_index=NumpyIndex)
    assert [[hit.row for hit in hits] for hits in by_numpy] == [[hit.row for hit in hits] for hits in answers]
    assert len(search(store, queries, k=50)[0]) == 3
