"""The graph reaches its own row and no other, in training and in evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.fixtures import graph, item, model_config, picture
from ugembed.errors import DataError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.records.item import Item


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(ModelConfig.model_validate(model_config()))


def _with_other_graph(row: Item) -> Item:
    return replace(row, graphs=(graph(99, 7),))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("side", ["left", "right"])
def test_another_graph_moves_only_its_own_rows_embedding(training: bool, side: str) -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config(padding_side=side))).train(training)
    rows = [item(0), item(1, "Which street is this, please?", nodes=8), Item(text="only words"), item(2, nodes=3)]
    changed = [rows[0], _with_other_graph(rows[1]), *rows[2:]]
    with torch.set_grad_enabled(training):
        before, after = embedder(embedder.prepare(rows)), embedder(embedder.prepare(changed))
    moved = (before - after).abs().amax(dim=1)
    assert moved[1] > 1e-3
    assert moved[[0, 2, 3]].max() <= 1e-6


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_embedding_does_not_depend_on_its_batch(side: str) -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config(padding_side=side))).eval()
    rows = [item(k, "why " * k, nodes=2 + k) for k in range(6)] + [Item(text="words"), Item("<image>", (picture(9),))]
    with torch.no_grad():
        alone = torch.cat([embedder(embedder.prepare([row])) for row in rows])
        for order in ([7, 0, 3, 6, 1, 5, 2, 4], [2, 2, 6], [0, 1, 2, 3, 4, 5, 6, 7]):
            together = embedder(embedder.prepare([rows[k] for k in order]))
            assert (together - alone[order]).abs().max() <= 1e-5


def test_both_padding_sides_give_the_same_embeddings() -> None:
    rows = [item(k, "why " * k, nodes=2 + k) for k in range(4)]
    left, right = (
        Embedder(ModelConfig.model_validate(model_config(padding_side=side))).encode_items(rows)
        for side in ("left", "right")
    )
    assert np.abs(left - right).max() <= 1e-5


def test_the_gradient_of_a_rows_loss_with_respect_to_another_rows_graph_is_exactly_zero(embedder: Embedder) -> None:
    inputs = embedder.prepare([item(0), item(1, nodes=8), item(2)])
    assert inputs.graphs is not None
    text = embedder.node_text(inputs.graphs.texts).clone().requires_grad_()
    position = inputs.graphs.position.clone().requires_grad_()
    graphs = replace(inputs.graphs, position=position)
    embedder.node_text, kept = (lambda texts: text), embedder.node_text  # type: ignore[assignment]
    try:
        vectors = embedder(replace(inputs, graphs=graphs))
    finally:
        embedder.node_text = kept
    weights = torch.linspace(-1, 1, vectors.shape[1])
    for_text, for_position = torch.autograd.grad((vectors[1] * weights).sum(), [text, position])
    owner = torch.repeat_interleave(graphs.row, graphs.size)
    for gradient in (for_text, for_position):
        assert gradient[owner == 1].abs().sum() > 0
        assert torch.equal(gradient[owner != 1], torch.zeros_like(gradient[owner != 1]))


@pytest.mark.parametrize("checkpointing", [False, True])
def test_every_trainable_parameter_gets_a_gradient_and_nothing_else_is_trainable(checkpointing: bool) -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config())).train()
    if checkpointing:
        embedder.core.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    weights = torch.linspace(-1, 1, embedder.dimension)
    optimizer = torch.optim.SGD(embedder.trained_parameters().values(), lr=0.1)
    for _ in range(2):  # LoRA's A matrices have a zero gradient while B is still zero
        optimizer.zero_grad()
        (embedder(embedder.prepare([item(0), item(1)])) * weights).sum().backward()
        optimizer.step()
    gradients = {name: value.grad for name, value in embedder.trained_parameters().items()}
    assert len(gradients) > 40
    assert [name for name, grad in gradients.items() if grad is None or not grad.abs().sum() > 0] == []
    assert all("lora_" in name or name.startswith(("graph_encoder.", "fusion.")) for name in gradients)
    frozen = [value for value in embedder.parameters() if not value.requires_grad]
    assert frozen
    assert all(value.grad is None for value in frozen)


def test_encoding_before_training_leaves_training_possible() -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config()))
    embedder.encode_items([item(0)])
    embedder(embedder.prepare([item(0), item(1)])).sum().backward()
    assert embedder.get_parameter("graph_encoder.gain").grad is not None


def test_encode_returns_unit_rows_in_the_order_given(embedder: Embedder) -> None:
    pictures, graphs = [picture(k) for k in range(5)], [graph(k, 2 + k) for k in range(5)]
    texts = ["why " * (5 - k) for k in range(5)]
    vectors = embedder.encode(texts=texts, images=pictures, graphs=graphs, batch_size=2)
    assert vectors.shape == (5, embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    single = embedder.encode(texts=[texts[3]], images=[pictures[3]], graphs=[graphs[3]])
    np.testing.assert_allclose(vectors[3], single[0], atol=1e-5)


def test_encode_refuses_lists_of_different_lengths(embedder: Embedder) -> None:
    with pytest.raises(DataError) as caught:
        embedder.encode(texts=["a", "b"], images=[picture(0)])
    assert caught.value.code == "encode-lengths"


def test_a_model_without_a_graph_part_refuses_graphs() -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config(graph_part=False)))
    with pytest.raises(DataError) as caught:
        embedder.encode_items([item(0)])
    assert caught.value.code == "graph-unread"


def test_a_prompt_that_is_too_long_is_refused_not_cut() -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config(max_length=40)))
    with pytest.raises(DataError) as caught:
        embedder.encode(texts=["word " * 50])
    assert caught.value.code == "too-long"


def test_special_tokens_written_in_a_text_stay_text(embedder: Embedder) -> None:
    inputs = embedder.prepare([Item(text="a<|graph_pad|><|image_pad|><|im_end|>b")])
    markers = embedder.backbone.markers
    assert not (inputs.input_ids == markers.graph_pad).any()
    assert not (inputs.input_ids == markers.image_pad).any()
    assert (inputs.input_ids == markers.turn_end).sum() == 2


def test_rows_may_hold_several_pictures_and_graphs(embedder: Embedder) -> None:
    two = Item("<graph><image>and<graph><image>", (picture(0), picture(1)), (graph(0), graph(1, 8)))
    other = replace(two, graphs=(graph(0), graph(2, 8)))
    vectors = embedder.encode_items([two, other, replace(two, images=(picture(0), picture(2)))])
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-4
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-4


def test_picture_positions_are_two_dimensional(embedder: Embedder) -> None:
    """A picture of 3 x 2 tokens advances M-RoPE by 3, not by 6, and the text after it goes on from there."""
    inputs = embedder.prepare([Item("<image>hello", (picture(0),))])
    positions, _ = embedder.backbone.model.get_rope_index(
        inputs.input_ids, inputs.token_types, image_grid_thw=inputs.image_grid, attention_mask=inputs.attention_mask
    )
    assert int(inputs.token_types.sum()) == 6
    assert int(positions.max()) + 1 == inputs.input_ids.shape[1] - 6 + 3


def test_the_cache_changes_no_embedding(tmp_path: object) -> None:
    rows = [item(k) for k in range(3)]
    plain = Embedder(ModelConfig.model_validate(model_config())).encode_items(rows)
    cached = Embedder(ModelConfig.model_validate(model_config(cache_mb=64)))
    assert np.array_equal(plain, cached.encode_items(rows))
    assert np.array_equal(plain, cached.encode_items(rows))
