"""How many rows and tokens at once: what a run file says reaches the encoder, in embed and in eval."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from tests.eval_fixtures import WordEncoder, write_benchmark, write_lines
from ugembed.embed.encode import Vectors, encode_distinct
from ugembed.embed.run import EmbedConfig, embed_file
from ugembed.eval.benchmark import find_benchmark
from ugembed.eval.runner import EvalSettings, evaluate
from ugembed.records.item import Item

WANTED = {"batch_size": 3, "batch_tokens": 500}


class Listening(WordEncoder):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[str, Any] = {}

    def encode_items(self, items: Sequence[Item], **options: Any) -> Vectors:
        self.heard = {name: options[name] for name in WANTED}
        return super().encode_items(items, **options)


def test_by_distinct_items() -> None:
    encoder = Listening()
    encode_distinct(encoder, [Item("oak street")], batch_size=3, batch_tokens=500)
    assert encoder.heard == WANTED
    encode_distinct(encoder, [Item("oak street")])
    assert encoder.heard == {"batch_size": 16, "batch_tokens": None}


def test_by_a_run_file_of_embed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, saved = Listening(), ModuleType("ugembed.models.saved")
    saved.load_embedder = lambda path, device=None: encoder  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ugembed.models.saved", saved)
    rows = write_lines(tmp_path / "items.jsonl", [{"text": "Oak Street"}])
    embed_file(EmbedConfig(model=tmp_path, input=rows, out=tmp_path / "store", **WANTED))
    assert encoder.heard == WANTED


def test_by_a_run_file_of_eval(tmp_path: Path) -> None:
    encoder, benchmark = Listening(), write_benchmark(tmp_path)
    evaluate(encoder, find_benchmark([benchmark]), EvalSettings(roots=(benchmark,), **WANTED))
    assert encoder.heard == WANTED


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError):
        EvalSettings(batch_tokens=0)
