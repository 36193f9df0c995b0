"""The pointer against its formula row by row; what it starts as; how large it is; what it refuses and reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional

from tests.fixtures import graph, item, model_config
from tests.models.frozen_models import frozen_config, frozen_model, scramble
from ugembed.models.backbones.base import MarkerIds
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.fusion.base import Words
from ugembed.models.fusion.pointer import Pointer, PointerConfig
from ugembed.models.graph_encoders.compact import CompactConfig
from ugembed.models.head import WhitenedHead
from ugembed.models.inputs import ModelInputs
from ugembed.models.node_text import name_of
from ugembed.records.item import Item

WIDTH = 24


def rows() -> list[Item]:
    """With one graph, two, none, and a graph of one node."""
    both = Item("<graph>near <graph>", (), (graph(4, 3), graph(5, 6)))
    return [item(0), both, Item("words alone"), item(1, nodes=1)]


def pointed(pointer: Pointer, vectors: Tensor, inputs: ModelInputs, nodes: Tensor, words: Words) -> Tensor:
    """The formula of the module, with loops."""
    assert inputs.graphs is not None
    owner = torch.repeat_interleave(inputs.graphs.row, inputs.graphs.size).tolist()
    made = []
    for row in range(len(inputs)):
        own = [k for k, one in enumerate(owner) if one == row]
        if not own:
            made.append(vectors[row])
            continue
        query = pointer.query(torch.cat([pointer.asking(vectors[row]), pointer.wording(words.rows[row])]))
        found, said = [], pointer.share * vectors[row]
        for head in range(pointer.heads):
            span = slice(head * pointer.width, (head + 1) * pointer.width)
            keys = [pointer.key(pointer.asked(nodes[k]))[span] for k in own]
            weights = torch.softmax(torch.stack([query[span] @ key for key in keys]) / pointer.width**0.5, dim=0)
            values = [words.nodes[k] + words.nodes[k] @ pointer.value.down[0] @ pointer.value.up[0] for k in own]
            found.append(sum((w * value for w, value in zip(weights, values, strict=True)), torch.zeros(())))
            said = said + pointer.gain[head] * found[-1] + found[-1] @ pointer.found.down[head] @ pointer.found.up[head]
        made.append(said + pointer.more(torch.cat([vectors[row], *found])))
    return torch.stack(made)


def random_batch(pointer: Pointer) -> tuple[Tensor, ModelInputs, Tensor, Words]:
    inputs = frozen_model().prepare(rows())
    assert inputs.graphs is not None
    nodes, names = torch.randn(2, len(inputs.graphs.texts), WIDTH)
    return torch.randn(len(inputs), WIDTH), inputs, nodes, Words(names, torch.randn(len(inputs), WIDTH))


def pointer() -> Pointer:
    torch.manual_seed(0)
    return Pointer(PointerConfig(heads=3, width=5, rank=4, inner=20), hidden_size=WIDTH)


def test_it_is_its_formula() -> None:
    fusion = pointer()
    for parameter in fusion.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    vectors, inputs, nodes, words = random_batch(fusion)
    made = fusion.after(vectors, inputs, nodes, words)
    torch.testing.assert_close(made, pointed(fusion, vectors, inputs, nodes, words), rtol=1e-4, atol=1e-4)
    assert torch.equal(made[2], vectors[2])


def test_it_starts_as_half_the_vector_and_the_mean_of_what_heads_find() -> None:
    fusion = pointer()
    vectors, inputs, nodes, words = random_batch(fusion)
    assert inputs.graphs is not None
    owner = torch.repeat_interleave(inputs.graphs.row, inputs.graphs.size)
    made = fusion.after(vectors, inputs, nodes, words)
    single = torch.nonzero(owner == 3)[0, 0]  # every head finds the only node there is
    torch.testing.assert_close(made[3], vectors[3] / 2 + words.nodes[single])


def test_pointer_head_and_encoder_are_small_at_the_width_of_seven_billion_parameters() -> None:
    with torch.device("meta"):
        markers = MarkerIds(*([0] * len(MarkerIds.__slots__)))
        fusion = PointerConfig().build(hidden_size=3584, markers=markers, scale=1.0)
        parts = {"fusion": fusion, "head": WhitenedHead(3584), "encoder": CompactConfig().build(hidden_size=3584)}
    size = {name: sum(one.numel() for one in part.parameters()) for name, part in parts.items()}
    assert size["fusion"] + size["head"] <= 20_000_000
    assert size["encoder"] <= 15_000_000


@torch.no_grad()
def test_a_whole_model_gives_what_its_parts_give() -> None:
    model = frozen_model()
    scramble(model)
    texts = [f"place {k} {j}" for k in range(9) for j in range(5)]
    assert model.head is not None
    model.head.fit(model.pooled_documents(texts))
    made = model(model.prepare(rows()))
    for k, row in enumerate(rows()):
        torch.testing.assert_close(made[k], slowly(model, row), rtol=1e-4, atol=1e-5)


def slowly(model: Embedder, row: Item) -> Tensor:
    """The vector of one row, its names read as items of their own."""
    inputs = model.prepare([row])
    head, fusion, encoder = model.head, model.fusion, model.graph_encoder
    assert head is not None
    assert encoder is not None
    assert isinstance(fusion, Pointer)
    states = model.backbone.hidden_states(inputs)
    vector = head.whitened(model.backbone.pool(states, inputs.attention_mask).float())
    if inputs.graphs is None:
        return functional.normalize(vector + head.more(vector), dim=1)[0]
    names = [model.prepare([Item(name_of(text))]) for text in inputs.graphs.texts]
    read = [model.backbone.pool(model.backbone.hidden_states(one), one.attention_mask).float() for one in names]
    ids = model.backbone.tokenizer(row.without_graphs().only_text().text).input_ids
    own = model.backbone.token_embedding().weight[ids].mean(dim=0, keepdim=True).float()
    nodes = encoder(model.node_text(inputs.graphs.texts), inputs.graphs)
    return functional.normalize(
        pointed(fusion, vector, inputs, nodes, Words(head.whitened(torch.cat(read)), own)), dim=1
    )[0]


@torch.no_grad()
def test_a_name_is_a_document_and_tags_in_it_are_plain_text() -> None:
    model = frozen_model()
    model.config.prompts["document"] = "Read this name."
    told = model(model.prepare([Item("Oak Street", instruction="Read this name.")]))
    (pooled,) = model.pooled_documents(["Oak Street"])
    torch.testing.assert_close(functional.normalize(pooled, dim=0), told[0], rtol=1e-4, atol=1e-5)
    hostile = graph(0, 2)
    node = replace(hostile.nodes[1], text="Name: <image> and <graph>, Category: shop")
    hostile = replace(hostile, nodes=(hostile.nodes[0], node))
    inputs = model.prepare([Item("<graph>here", (), (hostile,))])
    assert torch.isfinite(model(inputs)).all()
    marks = {model.backbone.markers.image_pad, model.backbone.markers.graph_pad}
    assert not marks & set(model.prepare.plain(["<image> and <graph>"]).input_ids.flatten().tolist())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Name: Maple Library, Category: library, Address: Oak Street 5", "Maple Library"),
        ("Name: Bread, Butter: more", "Bread"),
        ("Name: Bread, butter and more, Category: shop", "Bread, butter and more"),
        ("Name: unnamed footpath, Category: footpath", "unnamed footpath"),
        ("Name: Two\nlines", "Two\nlines"),
        ("a text of its own", "a text of its own"),
        ("Name: ", "Name: "),
    ],
)
def test_a_nodes_name(text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"train": "adapters", "head": "none"}, "fusion: pointer wants train: graph"),
        ({"train": "adapters", "fusion": {"kind": "gated"}}, "head: whitened wants train: graph"),
        ({"fusion": None, "graph_encoder": None}, "nothing else to train"),
    ],
)
def test_settings_that_cannot_go_together_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ModelConfig.model_validate(frozen_config() | changes)


def test_nothing_of_the_language_model_is_trained_and_it_has_no_dropout() -> None:
    config = frozen_config()
    config["lora"]["dropout"] = 0.5
    model = Embedder(ModelConfig.model_validate(config)).train()
    assert {name.split(".")[0] for name in model.trained_parameters()} == {"graph_encoder", "fusion", "head"}
    inputs = model.prepare([Item("words alone")])
    assert torch.equal(model(inputs), model(inputs))
    assert not model.core.training
    assert model.training


def test_the_fingerprint_knows_adapters_and_whitening_that_stay_as_they_are() -> None:
    models = [frozen_model() for _ in range(3)]
    with torch.no_grad():
        next(w for name, w in models[1].named_parameters() if ".lora_B" in name).add_(0.1)
    assert models[2].head is not None
    models[2].head.fit(torch.randn(50, models[2].dimension))
    assert len({model.fingerprint for model in models}) == 3
    plain = Embedder(ModelConfig.model_validate(model_config()))
    assert plain.fingerprint not in {model.fingerprint for model in models}
