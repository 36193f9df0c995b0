"""What a model is told by name: the same in embedding, evaluation and export, and nothing where nothing is given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.eval_fixtures import WordEncoder, write_benchmark
from tests.fixtures import graph, model_config, picture
from tests.models.saving import scrambled
from ugembed.embed.encode import encode_distinct
from ugembed.embed.run import EmbedConfig, embed_file
from ugembed.errors import CheckpointError, ConfigError
from ugembed.eval.benchmark import find_benchmark
from ugembed.eval.runner import EvalSettings, evaluate
from ugembed.files import read_json, write_jsonl
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.export.run import ExportConfig, export_model
from ugembed.models.export.sentence_transformers import UgembedModule
from ugembed.models.prompts import as_document, as_query, named_instruction, with_prompts
from ugembed.models.saved import load_embedder, save_embedder
from ugembed.records.item import Item
from ugembed.records.pair import Pair

PROMPTS = {"query": "Find the place.", "document": "", "geolocation": "Say where this is."}
TEXTS = ["a quiet street", "Oak Street 5"]


def config(**prompts: str) -> dict[str, Any]:
    return model_config() | {"prompts": prompts}


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return scrambled(config(**PROMPTS)).eval()


@pytest.fixture(scope="module")
def saved(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prompts") / "model"
    save_embedder(embedder, folder)
    return folder


def told(item: Item, prompts: dict[str, str], task: str = "") -> list[str | None]:
    return [as_query(item, prompts, task=task).instruction, as_document(item, prompts).instruction]


def test_the_prompt_of_a_side_is_taken_and_a_tasks_own_goes_before_it() -> None:
    item = Item("words")
    assert told(item, {}) == [None, None]
    assert told(item, PROMPTS) == ["Find the place.", ""]
    assert told(item, PROMPTS, "geolocation") == ["Say where this is.", ""]
    assert told(item, PROMPTS, "perception") == ["Find the place.", ""]
    assert told(Item("words", instruction="mine"), PROMPTS, "geolocation") == ["mine", "mine"]


def test_training_rows_are_told_what_evaluation_tells() -> None:
    pair = Pair(Item("who?"), (Item("a"), Item("b")), (Item("c", instruction="mine"),), pair_type="geolocation")
    told_pair = with_prompts(pair, PROMPTS)
    assert told_pair.query == as_query(pair.query, PROMPTS, task="geolocation")
    assert [item.instruction for item in told_pair.positives + told_pair.negatives] == ["", "", "mine"]
    assert with_prompts(replace(pair, pair_type="other"), PROMPTS).query.instruction == "Find the place."
    assert with_prompts(pair, {}) is pair


def test_names_are_known_or_refused() -> None:
    assert named_instruction(PROMPTS, "geolocation") == "Say where this is."
    assert named_instruction({"x": "y"}, None) is None
    assert named_instruction({"x": "y"}, "document") is None
    for prompts, name, code in ((PROMPTS, None, "prompt-missing"), ({}, "geolocatoin", "prompt-unknown")):
        with pytest.raises(ConfigError) as caught:
            named_instruction(prompts, name)
        assert caught.value.code == code
    with pytest.raises(ConfigError) as caught:
        named_instruction(PROMPTS, "geolocatoin")
    assert "'geolocation'" in caught.value.hint


def test_a_prompt_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="wants a name"):
        ModelConfig.model_validate(model_config() | {"prompts": {"": "Find it."}})


def test_a_batch_may_hold_rows_that_are_told_different_things(embedder: Embedder) -> None:
    rows = [Item("words"), Item("words", instruction="Find the place."), Item("words", instruction="")]
    together = embedder.encode_items(rows)
    alone = np.concatenate([embedder.encode_items([row]) for row in rows])
    assert np.abs(together - alone).max() <= 1e-5
    assert np.abs(together[0] - together[1]).max() > 1e-3
    assert np.abs(together[1] - together[2]).max() > 1e-3
    lengths = [embedder.prepare.length(row) for row in rows]
    assert lengths == embedder.prepare(rows).attention_mask.sum(dim=1).tolist()
    assert lengths[2] < lengths[1]


def test_the_same_words_told_two_things_are_two_items(embedder: Embedder) -> None:
    rows = [Item("words"), Item("words", instruction="Find the place."), Item("words", id="other")]
    vectors, index = encode_distinct(embedder, rows)
    assert (len(vectors), index.tolist()) == (2, [0, 1, 0])


def test_encode_takes_prompts_by_name(embedder: Embedder) -> None:
    pictures, graphs = [picture(0), picture(1)], [graph(0), graph(1)]
    found = embedder.encode(texts=TEXTS, images=pictures, graphs=graphs, prompt_name="geolocation")
    rows = [
        as_query(Item(f"<graph><image>{text}", (one,), (near,)), PROMPTS, task="geolocation")
        for text, one, near in zip(TEXTS, pictures, graphs, strict=True)
    ]
    assert np.array_equal(found, embedder.encode_items(rows))
    with pytest.raises(ConfigError) as caught:
        embedder.encode(texts=TEXTS)
    assert caught.value.code == "prompt-missing"


def test_a_model_without_prompts_is_what_it_was(embedder: Embedder) -> None:
    plain = Embedder(ModelConfig.model_validate(model_config()))
    assert plain.encode(texts=TEXTS).tobytes() == plain.encode(texts=TEXTS, prompt_name="query").tobytes()
    assert plain.fingerprint == Embedder(ModelConfig.model_validate(config())).fingerprint
    assert plain.fingerprint != Embedder(ModelConfig.model_validate(config(query="Find it."))).fingerprint


def test_evaluation_tells_queries_the_prompt_of_their_family_and_candidates_that_of_documents(tmp_path: Path) -> None:
    encoder = WordEncoder()
    encoder.prompts = PROMPTS
    evaluate(encoder, find_benchmark([write_benchmark(tmp_path)]), EvalSettings(roots=(tmp_path,)))
    heard = {item.instruction for item in encoder.encoded}
    assert heard == {"Say where this is.", "Find the place.", ""}
    for item in encoder.encoded:
        asked = "Where was this taken?" in item.text, "picture near this" in item.text
        assert item.instruction == {(True, False): "Say where this is.", (False, True): "Find the place."}.get(
            asked, ""
        )


def test_evaluation_and_encode_give_one_set_of_vectors(embedder: Embedder) -> None:
    query, answer = as_query(Item(TEXTS[0]), PROMPTS), as_document(Item(TEXTS[1]), PROMPTS)
    vectors, _ = encode_distinct(embedder, [query, answer])
    assert np.abs(vectors[0] - embedder.encode(texts=TEXTS[:1], prompt_name="query")[0]).max() <= 1e-6
    assert np.abs(vectors[1] - embedder.encode(texts=TEXTS[1:], prompt_name="document")[0]).max() <= 1e-6


def test_a_store_is_of_one_prompt_which_it_names(embedder: Embedder, saved: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    write_jsonl(rows, [{"text": text, "images": [], "graphs": []} for text in TEXTS])
    settings = EmbedConfig(model=saved, input=rows, out=tmp_path / "store", device="cpu", prompt_name="document")
    store = embed_file(settings)
    assert store.facts["prompt_name"] == "document"
    assert np.abs(store.vectors - embedder.encode(texts=TEXTS, prompt_name="document")).max() <= 1e-6
    for name, code in ((None, "prompt-missing"), ("qeury", "prompt-unknown")):
        with pytest.raises(ConfigError) as caught:
            embed_file(settings.model_copy(update={"prompt_name": name, "out": tmp_path / "other"}))
        assert caught.value.code == code
    assert not (tmp_path / "other").exists()


def test_prompts_are_saved_shown_and_not_to_be_changed(embedder: Embedder, saved: Path) -> None:
    again = load_embedder(saved, device="cpu")
    assert again.prompts == PROMPTS
    assert again.fingerprint == embedder.fingerprint
    card = (saved / "README.md").read_text()
    assert "- prompt `query`: 'Find the place.'\n- prompt `document`: ''\n" in card
    assert 'prompt_name="document"' in card
    file = saved / "model.yaml"
    before = file.read_text()
    file.write_text(yaml.safe_dump(yaml.safe_load(before) | {"prompts": PROMPTS | {"query": "Other."}}))
    with pytest.raises(CheckpointError) as caught:
        load_embedder(saved, device="cpu")
    file.write_text(before)
    assert caught.value.code == "settings-changed"


@pytest.fixture(scope="module")
def exported(saved: Path) -> Path:
    return export_model(ExportConfig(model=saved, to="sentence-transformers", out=saved.parent / "st")).folder


def test_the_exported_folder_has_the_prompts_and_gives_the_same_vectors(embedder: Embedder, exported: Path) -> None:
    prompts = read_json(exported / "config_sentence_transformers.json")["prompts"]
    assert prompts == PROMPTS
    module = UgembedModule.load(str(exported)).eval()
    for name, prompt in prompts.items():
        features = module.forward(module.preprocess(TEXTS, prompt=prompt))
        found = features["sentence_embedding"].detach().numpy()
        assert np.abs(found - embedder.encode(texts=TEXTS, prompt_name=name)).max() <= 1e-5


def test_both_sides_are_spelt_out_where_a_model_has_any_prompt(tmp_path: Path) -> None:
    save_embedder(Embedder(ModelConfig.model_validate(config(query="Find it."))), tmp_path / "model")
    made = export_model(ExportConfig(model=tmp_path / "model", to="sentence-transformers", out=tmp_path / "st"))
    prompts = read_json(made.folder / "config_sentence_transformers.json")["prompts"]
    assert prompts == {"query": "Find it.", "document": "You are a helpful assistant."}
    found, plain = load_embedder(made.folder, device="cpu"), [Item(text) for text in TEXTS]
    assert np.array_equal(found.encode(texts=TEXTS, prompt_name="document"), found.encode_items(plain))


def test_the_library_tells_its_queries_and_documents_the_same(embedder: Embedder, exported: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    trusting = {"trust_" + "remote_code": True}  # asked for by releases from 6 on, for any class but their own
    model = library.SentenceTransformer(str(exported), device="cpu", **trusting)
    found = {
        "query": model.encode_query(TEXTS),
        "document": model.encode_document(TEXTS),
        "geolocation": model.encode(TEXTS, prompt_name="geolocation"),
    }
    for name, vectors in found.items():
        assert np.abs(vectors - embedder.encode(texts=TEXTS, prompt_name=name)).max() <= 1e-5


def test_an_old_library_that_writes_prompts_into_texts_is_refused(exported: Path) -> None:
    from ugembed.errors import DataError

    with pytest.raises(DataError) as caught:
        UgembedModule.load(str(exported)).tokenize(["Find the place.a quiet street"])
    assert caught.value.code == "prompts-misplaced"
