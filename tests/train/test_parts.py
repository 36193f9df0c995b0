"""Schedule, groups, batch plan, journal and masks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.fixtures import model_config
from ugembed.errors import ConfigError
from ugembed.losses.info_nce import InfoNce, InfoNceConfig
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.records.item import Item
from ugembed.records.pair import Pair
from ugembed.sampling.shuffled import Shuffled
from ugembed.train.config import OptimizerConfig
from ugembed.train.data import BatchPlan
from ugembed.train.journal import Journal, read_metrics
from ugembed.train.optim import build_optimizer, schedule
from ugembed.train.stages.contrastive import Contrastive


def test_the_learning_rate_rises_to_its_peak_and_falls_to_its_end() -> None:
    config = OptimizerConfig(warmup_ratio=0.1, final_ratio=0.2)
    shares = [schedule(step, 100, config) for step in range(101)]
    assert shares[0] == pytest.approx(0.1)
    assert shares[9] == pytest.approx(1.0)
    assert max(shares) == pytest.approx(1.0)
    assert shares[55] == pytest.approx(0.2 + 0.8 / 2)
    assert shares[100] == pytest.approx(0.2)
    assert all(a >= b for a, b in pairwise(shares[10:]))


def test_every_trainable_parameter_is_in_exactly_one_group_with_its_own_peak() -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config()))
    optimizer = build_optimizer(embedder, OptimizerConfig(lr=1e-4, graph_lr=2e-3))
    named = {id(value): name for name, value in embedder.trained_parameters().items()}
    seen = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
    assert sorted(seen) == sorted(named)
    for group in optimizer.param_groups:
        names = [named[id(parameter)] for parameter in group["params"]]
        assert all(("lora_" in name) == (group["peak_lr"] == 1e-4) for name in names)
        assert all((parameter.ndim >= 2) == (group["weight_decay"] > 0) for parameter in group["params"])


def test_a_model_with_nothing_to_train_is_refused() -> None:
    config = model_config(graph_part=False)
    config["lora"] = None
    with pytest.raises(ConfigError) as caught:
        build_optimizer(Embedder(ModelConfig.model_validate(config)), OptimizerConfig())
    assert caught.value.code == "nothing-to-train"


@pytest.mark.parametrize("processes", [1, 2])
def test_micro_steps_of_all_processes_together_are_the_epochs_order(processes: int) -> None:
    plan = BatchPlan(["" for _ in range(27)], Shuffled(), 5, 3, processes=processes, accumulation=2)
    steps = plan.steps_per_epoch
    assert steps == 27 // (3 * processes * 2)
    for epoch in range(2):
        parts = [
            plan.rows(epoch * steps + step, micro=micro, rank=rank)
            for step in range(steps)
            for micro in range(2)
            for rank in range(processes)
        ]
        assert {part[0] for part in parts} == {epoch}
        rows = np.concatenate([part[1] for part in parts])
        assert np.array_equal(rows, Shuffled().order(plan.groups, seed=5, epoch=epoch)[: len(rows)])


def test_a_resumed_journal_drops_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    journal = Journal(tmp_path, resume_step=0)
    for step in (1, 2, 3):
        journal.write({"step": step})
    with journal.path.open("ab") as file:
        file.write(b'{"step": 4')  # cut off by a crash
    Journal(tmp_path, resume_step=2).write({"step": 3, "again": True})
    assert read_metrics(journal.path) == [{"step": 1}, {"step": 2}, {"step": 3, "again": True}]


def test_parts_of_documents_give_the_loss_of_one_batch(tmp_path: Path) -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config(graph_part=False)))
    stage = Contrastive(embedder, InfoNce(InfoNceConfig()), seed=0, device=torch.device("cpu"))
    texts = ["Oak Bakery", "A long description of a street " * 4, "Elm School", "Another long description of it " * 4]
    pairs = [
        Pair(Item(f"question {k}"), (Item(text),), negatives=(Item(f"no {text}"),), group=str(k))
        for k, text in enumerate(texts)
    ]
    batch = stage.prepare(pairs, epoch=0)
    assert len(batch.parts) == 3
    whole = replace(
        batch,
        parts=(batch.parts[0], embedder.prepare([Item(t) for t in [*texts, *(f"no {t}" for t in texts)]])),
        documents=4 + torch.arange(8),
    )
    embedder.eval()
    assert stage.module(batch).loss.item() == pytest.approx(stage.module(whole).loss.item(), abs=1e-5)
