"""`ugembed embed` through the real door, with a stand-in for the model."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import orjson
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.eval_fixtures import WordEncoder, street_graph, write_lines
from ugembed.cli.app import app
from ugembed.embed.store import EmbeddingStore
from ugembed.errors import UgembedError

runner = CliRunner()


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> WordEncoder:
    """Every model is a `WordEncoder`."""
    loaded = WordEncoder()
    saved = ModuleType("ugembed.models.saved")
    saved.load_embedder = lambda path, device=None: loaded  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ugembed.models.saved", saved)
    return loaded


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red_1.png")
    (tmp_path / "1.json").write_bytes(street_graph(1).to_bytes())
    rows = [
        {"id": "words", "text": "Oak Street"},
        {"id": "seen", "images": ["red_1.png"], "graphs": ["1.json"], "text": "Where?"},
        {"id": "again", "text": "Oak Street", "place": {"lon": 7.4, "lat": 43.7}},
    ]
    file = write_lines(tmp_path / "items.jsonl", rows)
    file.write_bytes(file.read_bytes().replace(b"\n", b"\n\n", 1))  # a blank line counts in line numbers only
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*more: str) -> tuple[int, str, BaseException | None]:
    result = runner.invoke(app, ["embed", "--model", "m", "--input", "items.jsonl", "--out", "store", *more])
    return result.exit_code, result.stdout, result.exception


def test_rows_become_vectors_in_their_order_and_equal_rows_are_encoded_once(folder: Path, encoder: WordEncoder) -> None:
    status, printed, _ = invoke()
    assert status == 0
    assert "3 vectors of 128 numbers: store" in printed
    store = EmbeddingStore.open(folder / "store")
    assert [(item.id, item.line) for item in store.items] == [("words", 1), ("seen", 3), ("again", 4)]
    assert store.items[1].text == "<graph><image>Where?"
    assert Path(str(store.items[1].images[0])).name == "red_1.png"
    assert len(encoder.encoded) == 2
    np.testing.assert_array_equal(store.vectors, WordEncoder().encode_items([*encoder.encoded, encoder.encoded[0]]))
    assert store.facts["fingerprint"] == "words-1"


def test_json_tells_what_was_made(folder: Path) -> None:
    status, printed, _ = invoke("--json")
    assert status == 0
    facts = orjson.loads(printed)
    assert (facts["out"], facts["count"], facts["dimension"]) == ("store", 3, 128)


def test_an_existing_folder_an_empty_file_and_a_missing_picture_are_errors(folder: Path, encoder: WordEncoder) -> None:
    (folder / "empty.jsonl").write_text("\n")
    (folder / "gone.jsonl").write_text('{"images": ["gone.png"]}\n')
    for file, code in (("empty.jsonl", "input-empty"), ("gone.jsonl", "image-missing"), ("no.jsonl", "file-missing")):
        _, _, error = invoke("--input", file)
        assert isinstance(error, UgembedError)
        assert error.code == code
        assert not (folder / "store").exists()
    assert invoke()[0] == 0
    encoder.encoded.clear()
    _, _, error = invoke()
    assert isinstance(error, UgembedError)
    assert error.code == "output-exists"
    assert encoder.encoded == []


def test_what_is_required_is_named(folder: Path) -> None:
    error = runner.invoke(app, ["embed", "--model", "m"]).exception
    assert isinstance(error, UgembedError)
    assert "input is required" in error.message
    assert "out is required" in error.message
