"""Node texts read by the language model: by the base model alone, in any model that can have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.fixtures import item, model_config
from tests.models.saving import contextual
from tests.models.small_checkpoints import KINDS, write_checkpoint
from ugembed.errors import CheckpointError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.export.run import ExportConfig, export_model
from ugembed.models.node_text import ContextualText
from ugembed.models.saved import load_embedder, save_embedder

TEXT = ["Name: Oak Street, Category: street"]


def test_the_base_model_reads_node_texts_whatever_is_trained() -> None:
    embedder = contextual().train()
    before = embedder.node_text(TEXT)
    trained = {name: weight.requires_grad for name, weight in embedder.named_parameters()}
    with torch.no_grad():
        for weight in embedder.trained_parameters().values():
            weight.add_(0.1)
    embedder.node_text._row.clear()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(embedder.node_text(TEXT), before)
    assert embedder.training
    assert embedder.core.training
    assert trained == {name: weight.requires_grad for name, weight in embedder.named_parameters()}
    plain = Embedder(ModelConfig.model_validate(model_config()))
    assert (plain.node_text(TEXT) - before).abs().max() > 1e-3
    assert plain.fingerprint != embedder.fingerprint


def test_words_and_their_order_count() -> None:
    vectors = contextual().node_text(["near Oak Street", "Street Oak near", "near Oak Street"])
    assert torch.equal(vectors[0], vectors[2])
    assert (vectors[0] - vectors[1]).abs().max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_in_every_family_a_text_has_the_same_bits_whatever_is_read_with_it(tmp_path: Path, kind: str) -> None:
    backbone = {"kind": kind, "path": str(write_checkpoint(tmp_path, kind)), "dtype": "float32"}
    node_text = contextual(backbone=backbone).node_text
    assert isinstance(node_text, ContextualText)
    texts = [*TEXT, "x", "", *("Name: place" + " number" * (k % 9) + f" {k}, Category: library" for k in range(40))]
    together = node_text._read(texts)
    assert together.isfinite().all()
    for order in (list(reversed(range(len(texts)))), [*range(1, len(texts), 2), *range(0, len(texts), 2)]):
        found = torch.cat([node_text._read([texts[k] for k in order[at : at + 7]]) for at in range(0, len(order), 7)])
        assert torch.equal(found, together[order])
    ids = torch.tensor(node_text.tokenizer(TEXT, add_special_tokens=False).input_ids)
    mean = node_text.states(ids, torch.ones_like(ids))[0].mean(dim=0)
    assert (together[0] / together[0].norm() - mean / mean.norm()).abs().max() <= 1e-5


def test_it_is_trained_saved_loaded_and_exported(tmp_path: Path) -> None:
    embedder = contextual().train()
    weights = torch.linspace(-1, 1, embedder.dimension)
    (embedder(embedder.prepare([item(0), item(1)])) * weights).sum().backward()
    assert all(weight.grad is not None for weight in embedder.trained_parameters().values())
    save_embedder(embedder, tmp_path / "model")
    again = load_embedder(tmp_path / "model", device="cpu")
    rows = [item(0), item(1)]
    assert (torch.from_numpy(again.encode_items(rows)) - torch.from_numpy(embedder.encode_items(rows))).abs().max() == 0
    export_model(ExportConfig(model=tmp_path / "model", to="hub-folder", out=tmp_path / "hub"))
    with pytest.raises(CheckpointError) as caught:
        export_model(ExportConfig(model=tmp_path / "model", to="merged", out=tmp_path / "merged"))
    assert caught.value.code == "merge-node-text"


def test_a_frozen_language_model_may_be_exported_whole(tmp_path: Path) -> None:
    save_embedder(contextual(lora=None), tmp_path / "model")
    made = export_model(ExportConfig(model=tmp_path / "model", to="merged", out=tmp_path / "merged"))
    assert made.least_cosine >= 0.99999


@pytest.mark.parametrize("change", [{"train": "full", "lora": None}, {"graph_encoder": None, "fusion": None}])
def test_what_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="node_text: contextual"):
        ModelConfig.model_validate(model_config() | {"node_text": "contextual"} | change)
