"""The module class by its documented contract; with the library itself where that is installed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures import graph, model_config, picture
from tests.models.saving import scrambled
from ugembed.errors import DataError, UgembedError
from ugembed.files import read_json
from ugembed.models.embedder import Embedder
from ugembed.models.export.run import ExportConfig, export_model
from ugembed.models.export.sentence_transformers import UgembedModule, as_item, sentence_transformer
from ugembed.models.saved import load_embedder, save_embedder
from ugembed.records.item import Item

TEXTS = ["a quiet street", "x", "Oak Street 5, near the library"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Embedder]:
    folder = tmp_path_factory.mktemp("st")
    embedder = scrambled(model_config())
    save_embedder(embedder, folder / "model")
    export_model(ExportConfig(model=folder / "model", to="sentence-transformers", out=folder / "out"))
    return folder / "out", embedder.eval()


def batches(embedder: Embedder) -> list[tuple[list[Any], np.ndarray]]:
    """Inputs of every kind, and the vectors that the embedder itself gives for them."""
    pictures, graphs = [picture(k) for k in range(3)], [graph(k, 4 + k) for k in range(3)]
    both = [{"text": text, "image": one} for text, one in zip(TEXTS, pictures, strict=True)]
    whole = [{**row, "graph": one} for row, one in zip(both, graphs, strict=True)]
    return [
        (TEXTS, embedder.encode(texts=TEXTS)),
        (pictures, embedder.encode(images=pictures)),
        (both, embedder.encode(texts=TEXTS, images=pictures)),
        (whole, embedder.encode(texts=TEXTS, images=pictures, graphs=graphs)),
        ([TEXTS[0], pictures[1]], np.stack([embedder.encode(texts=TEXTS)[0], embedder.encode(images=pictures)[1]])),
    ]


def close(found: np.ndarray, wanted: np.ndarray) -> bool:
    return found.shape == wanted.shape and float((found * wanted).sum(axis=1).min()) >= 0.99999


def test_the_module_list_names_the_class_of_this_package(exported: tuple[Path, Embedder]) -> None:
    (entry,) = read_json(exported[0] / "modules.json")
    module, _, name = entry["type"].rpartition(".")
    assert getattr(importlib.import_module(module), name) is UgembedModule
    assert not list(exported[0].rglob("*.py"))
    assert read_json(exported[0] / "config_sentence_transformers.json")["similarity_fn_name"] == "cosine"


def test_the_module_gives_the_vectors_of_the_embedder(exported: tuple[Path, Embedder]) -> None:
    module = UgembedModule.load(str(exported[0]), token=None, local_files_only=True).eval()
    for inputs, wanted in batches(exported[1]):
        features = module.forward(module.preprocess(inputs))
        assert close(features["sentence_embedding"].detach().numpy(), wanted)
    assert module.get_embedding_dimension() == module.get_sentence_embedding_dimension() == wanted.shape[1]
    assert module.max_seq_length == module.embedder.config.inputs.max_length


def test_a_prompt_is_the_instruction(exported: tuple[Path, Embedder]) -> None:
    module = UgembedModule.load(str(exported[0])).eval()
    found = module.forward(module.preprocess(TEXTS, prompt="Find it."))["sentence_embedding"].detach().numpy()
    assert close(found, exported[1].encode_items([Item(text, instruction="Find it.") for text in TEXTS]))
    assert not close(found, exported[1].encode(texts=TEXTS))
    for features in (module.tokenize(TEXTS), module.preprocess(TEXTS, prompt="")):
        plain = module.forward(features)["sentence_embedding"].detach().numpy()
        assert close(plain, exported[1].encode(texts=TEXTS))


def test_a_saved_module_stands_on_its_own_beside_other_files(exported: tuple[Path, Embedder], tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    UgembedModule.load(str(exported[0])).save(str(tmp_path), safe_serialization=True)
    assert (tmp_path / "modules.json").read_text() == "[]"
    assert (tmp_path / "backbone" / "model.safetensors").is_file()
    assert close(load_embedder(tmp_path, device="cpu").encode(texts=TEXTS), exported[1].encode(texts=TEXTS))


@pytest.mark.parametrize("value", [5, None, {}, {"sound": 1}, {"role": "user", "content": "x"}, ("a", "b")])
def test_other_inputs_are_refused(value: Any) -> None:
    with pytest.raises(DataError) as caught:
        as_item(value, None)
    assert caught.value.code == "input-kind"


def test_texts_are_never_read_as_addresses_and_pictures_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", None)
    assert as_item("https://example.org/a.png", None).images == ()
    item = as_item({"image": ["https://example.org/a.png", "b.png"]}, "Look.")
    assert item.images == (Path("https://example.org/a.png"), Path("b.png"))
    assert (item.text, item.instruction) == ("<image><image>", "Look.")


def test_a_folder_that_is_not_here_is_no_reason_to_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def snapshot(name: str, **options: Any) -> str:
        asked.append({"name": name, **options})
        return "nowhere"

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    with pytest.raises(UgembedError) as caught:
        UgembedModule.load("owner/model", revision="abc", cache_folder="there", backend="torch")
    assert caught.value.code == "model-missing"
    assert asked == [{"name": "owner/model", "revision": "abc", "cache_dir": "there"}]


def test_the_library_itself_gives_the_same_vectors(exported: tuple[Path, Embedder], tmp_path: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    trusting = {"trust_" + "remote_code": True}  # asked for by releases from 6 on, for any class but their own
    named = library.SentenceTransformer(str(exported[0]), device="cpu", **trusting)
    for model in (named, sentence_transformer(exported[0], device="cpu")):
        for inputs, wanted in batches(exported[1]):
            assert close(model.encode(inputs), wanted)
    named.save(str(tmp_path / "saved"))
    again = library.SentenceTransformer(str(tmp_path / "saved"), device="cpu", **trusting)
    assert close(again.encode(TEXTS), exported[1].encode(texts=TEXTS))
