"""Items measured before they are read: lengths from headers, parts of a step, batches within windows and budgets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.fixtures import graph, model_config, picture
from ugembed.models import embedder as embedder_module
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.inputs import Draft, InputBuilder, ModelInputs
from ugembed.records.item import Item


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(ModelConfig.model_validate(model_config())).eval()


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """Twelve rows of very different lengths, with pictures and graphs in files."""
    folder = tmp_path_factory.mktemp("items")
    made = []
    for k in range(4):
        picture(k, (56 + 14 * k, 56)).save(folder / f"{k}.png")
        (folder / f"{k}.json").write_bytes(graph(k, 2 + 9 * k).to_bytes())
        made += [Item("words " * (1 + 20 * k)), Item(f"<image>{'why ' * k}", (folder / f"{k}.png",))]
        made.append(Item("<graph><image>Where?", (folder / f"{k}.png",), (folder / f"{k}.json",)))
    return made


def test_a_draft_reads_graphs_once_and_no_pixels(
    embedder: Embedder, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    for name in ("_read_image", "_read_graph"):
        method = getattr(InputBuilder, name)
        monkeypatch.setattr(
            InputBuilder, name, lambda self, source, method=method: read.append(source) or method(self, source)
        )
    drafts = [embedder.prepare.draft(item) for item in items]
    assert read == [source for item in items for source in item.graphs]
    inputs = embedder.prepare(drafts)
    assert sorted(map(str, read)) == sorted(str(source) for item in items for source in (*item.graphs, *item.images))
    assert [draft.length for draft in drafts] == inputs.attention_mask.sum(dim=1).tolist()
    plain = embedder.prepare(items)
    assert torch.equal(inputs.input_ids, plain.input_ids)
    assert torch.equal(inputs.graphs.position, plain.graphs.position)  # type: ignore[union-attr]


@pytest.mark.parametrize(("max_tokens", "max_rows"), [(None, None), (200, None), (None, 5), (90, 3)])
@pytest.mark.parametrize("packing", [False, True])
@torch.no_grad()
def test_parts_of_a_step_give_every_vector_in_its_place(
    embedder: Embedder,
    items: list[Item],
    max_tokens: int | None,
    max_rows: int | None,
    packing: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedder.backbone, "rows_apart", packing)
    parts, places = embedder.prepare.in_parts(items, max_tokens=max_tokens, max_rows=max_rows)
    for part in parts:
        real = part.attention_mask.float().mean()
        assert packing or real >= 0.8
        assert len(part) <= (max_rows or len(items))
        assert max_tokens is None or len(part) == 1 or part.input_ids.numel() <= max_tokens
    assert packing or len(parts) > 1
    vectors = torch.cat([embedder(part) for part in parts])[places.argsort()]
    alone = torch.cat([embedder(embedder.prepare([item])) for item in items])
    assert (vectors - alone).abs().max() <= 1e-5


def test_no_items_are_no_parts(embedder: Embedder) -> None:
    parts, places = embedder.prepare.in_parts([])
    assert (parts, places.tolist()) == ((), [])


@pytest.mark.parametrize(("batch_size", "batch_tokens"), [(1, None), (3, None), (100, None), (100, 120), (2, 50)])
def test_batches_change_no_embedding_and_keep_within_both_bounds(
    embedder: Embedder, items: list[Item], batch_size: int, batch_tokens: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = np.concatenate([embedder.encode_items([item]) for item in items])
    seen: list[ModelInputs] = []
    forward = Embedder.forward
    monkeypatch.setattr(Embedder, "forward", lambda self, inputs: seen.append(inputs) or forward(self, inputs))
    monkeypatch.setattr(embedder_module, "WINDOW", 5)
    heard: list[tuple[int, int | None]] = []
    vectors = embedder.encode_items(
        items, batch_size=batch_size, batch_tokens=batch_tokens, on_progress=lambda *done: heard.append(done)
    )
    assert np.abs(vectors - wanted).max() <= 1e-5
    assert sum(len(inputs) for inputs in seen) == len(items) == heard[-1][0]
    for inputs in seen:
        assert len(inputs) <= batch_size
        assert batch_tokens is None or len(inputs) == 1 or inputs.input_ids.numel() <= batch_tokens


def test_only_a_window_of_items_is_looked_at_before_the_first_batch(
    embedder: Embedder, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder_module, "WINDOW", 4)
    steps: list[str] = []
    draft, forward = InputBuilder.draft, Embedder.forward
    monkeypatch.setattr(
        InputBuilder, "draft", lambda self, item, **told: steps.append("draft") or draft(self, item, **told)
    )
    monkeypatch.setattr(Embedder, "forward", lambda self, inputs: steps.append("batch") or forward(self, inputs))
    embedder.encode_items(items, batch_size=2)
    assert steps == [*["draft"] * 4, "batch", "batch"] * 3


def test_an_item_that_cannot_be_read_leaves_training_mode_as_it_was(embedder: Embedder, tmp_path: Path) -> None:
    embedder.train()
    with pytest.raises(Exception, match="missing"):
        embedder.encode_items([Item("<image>", (tmp_path / "missing.png",))])
    assert embedder.training
    embedder.eval()


def test_a_draft_says_what_it_was_told(embedder: Embedder) -> None:
    item = Item("Where is this?")
    draft = embedder.prepare.draft(item, instruction="Find the place.")
    assert isinstance(draft, Draft)
    assert draft.length == embedder.prepare([item], instruction="Find the place.").input_ids.shape[1]
    assert draft.length != embedder.prepare.length(item)
