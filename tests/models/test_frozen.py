"""What a frozen language model has read is not read again, and no batch changes a bit of a vector."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.fixtures import picture
from tests.models.frozen_models import frozen_model
from ugembed.models.embedder import Embedder
from ugembed.models.frozen import ROWS, FrozenVectors
from ugembed.models.inputs import ModelInputs
from ugembed.records.item import Item


def items() -> list[Item]:
    shown = [picture(k, size) for k, size in enumerate([(84, 56), (56, 84), (84, 56)])]
    made = [Item("words " * n) for n in (1, 2, 9, 20)]
    made += [Item(f"<image>{'why ' * k}", (shown[k],)) for k in range(3)]
    return [*made, Item("<image>and<image>", (shown[0], shown[1]))]


@pytest.fixture(params=["left", "right"])
def model(request: pytest.FixtureRequest) -> Embedder:
    return frozen_model(padding_side=request.param)


def counted(model: Embedder, **settings: int) -> tuple[FrozenVectors, list[int]]:
    """Vectors of its own, and how many rows each reading had."""
    calls: list[int] = []

    def read(inputs: ModelInputs) -> Tensor:
        calls.append(len(inputs))
        return model._read_frozen(inputs)

    left, padding = model.config.inputs.padding_side == "left", model.backbone.markers.padding
    return FrozenVectors(read, model.core, padding=padding, left=left, **settings), calls


def test_a_vector_is_that_of_the_row_alone_to_the_bit_in_every_batch(model: Embedder) -> None:
    alone = torch.cat([counted(model)[0](model.prepare([one])) for one in items()])
    pooled = [model.backbone.pool(model.backbone.hidden_states(one), one.attention_mask) for one in
              (model.prepare([one]) for one in items())]  # fmt: skip
    torch.testing.assert_close(alone, torch.cat(pooled), rtol=1e-4, atol=1e-5)
    for order in ([0, 1, 2, 3, 4, 5, 6, 7], [7, 4, 4, 6, 0], [3, 2], [6, 5, 4]):
        vectors, _ = counted(model)
        assert torch.equal(vectors(model.prepare([items()[k] for k in order])), alone[order])


def test_each_prompt_is_read_once_until_a_weight_changes(model: Embedder) -> None:
    vectors, calls = counted(model)
    inputs = model.prepare([*items(), items()[0]])
    first = vectors(inputs)
    assert min(calls) == ROWS  # short texts without pictures are read more at a time
    assert len(vectors) == len(items())
    before = len(calls)
    with torch.inference_mode():
        assert torch.equal(vectors(inputs), first)
    assert len(calls) == before
    with torch.no_grad():
        next(w for name, w in model.named_parameters() if ".lora_B" in name).add_(0.1)
    assert not torch.equal(vectors(inputs), first)


def test_what_was_read_in_inference_mode_can_be_learnt_from() -> None:
    model = frozen_model()
    with torch.inference_mode():
        model(model.prepare([items()[0]]))
    model.train()(model.prepare([items()[0]])).sum().backward()
    assert model.get_parameter("head.more.3.weight").grad is not None


def test_other_pixels_or_another_shape_are_another_prompt(model: Embedder) -> None:
    vectors, _ = counted(model)
    shown = [picture(k, size) for k, size in enumerate([(84, 56), (84, 56), (56, 84)])]
    made = vectors(model.prepare([Item("<image>here", (one,)) for one in shown]))
    assert len(vectors) == 3
    assert torch.cdist(made, made).fill_diagonal_(1).min() > 0


@pytest.mark.parametrize(("limit_mb", "kept"), [(0, 0), (1, 4)])
def test_memory_has_a_limit(limit_mb: int, kept: int) -> None:
    model = frozen_model()
    vectors, _ = counted(model, limit_mb=limit_mb)
    vectors.limit = min(vectors.limit, 4 * 4 * model.dimension)
    inputs = model.prepare(items())
    first = vectors(inputs)
    assert len(vectors) == kept
    assert torch.equal(vectors(inputs), first)


def test_the_limit_is_a_setting_that_changes_no_vector(tmp_path: Path) -> None:
    without = frozen_model(vectors_mb=0)
    assert without.frozen is not None
    assert without.frozen.limit == 0
    assert without.fingerprint == frozen_model().fingerprint
