"""The shipped ablation: every variant is there and can be built, and budgets are what they are said to be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ugembed.ablate.plan import Cell
from ugembed.ablate.run import Ablation, open_ablation

VARIANTS = {
    "stage 1 only", "stage 2 only", "joint", "two-stage", "no edge features", "no positions", "node encoder only",
    "no metric loss", "edge width 8", "edge width 16", "edge width 64", "node tokens", "pooled tokens",
    "gated late fusion", "no whitening", "no graph, same rows", "gat", "transformer", "reference", "gcn",
}  # fmt: skip
ROWS = {
    "stage1", "stage1_seen", "stage1_perception", "stage2", "stage2_retrieval", "stage2_spatial", "stage2_around",
    "stage2_perception",
}  # fmt: skip
"""What a bed writes below ``rows``."""


@pytest.fixture(scope="module")
def paper(root: Path) -> Ablation:
    return open_ablation(root / "configs" / "ablations" / "paper.yaml", Path("out"), seeds=[1])


@pytest.fixture(scope="module")
def cells(paper: Ablation) -> dict[str, Cell]:
    return {cell.variant: cell for cell in paper.cells()}


def steps(cell: Cell) -> int:
    return sum(training.config.trainer.max_steps or 0 for training in cell.chain)


def test_every_variant_is_there(paper: Ablation, cells: dict[str, Cell]) -> None:
    assert set(cells) == VARIANTS
    assert len(paper.config.seeds) == 5
    assert all(goal.text.startswith(("2: ", "3: ")) for goal in paper.config.goals)
    assert {goal.text[0] for goal in paper.config.goals} == {"2", "3"}


def test_every_variant_differs_from_every_other(cells: dict[str, Cell]) -> None:
    assert len({cell.chain[-1].key for cell in cells.values()}) == len(VARIANTS)


def test_rows_are_those_of_a_bed(cells: dict[str, Cell]) -> None:
    for cell in cells.values():
        for training in cell.chain:
            for file in training.config.data.train:
                assert file.parent == training.bed / "rows"
                assert file.stem in ROWS


def test_joint_has_as_many_steps_and_rows_as_the_stages(cells: dict[str, Cell]) -> None:
    joint, staged = cells["joint"], cells["two-stage"]
    assert steps(joint) == steps(staged) == steps(cells["no graph, same rows"])
    used = [{file.name for training in cell.chain for file in training.config.data.train} for cell in (joint, staged)]
    assert used[0] == used[1]


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_the_graph_encoder_of_every_variant_can_be_built(cells: dict[str, Cell], variant: str) -> None:
    model = cells[variant].chain[-1].config.model
    if variant in ("stage 1 only", "no graph, same rows"):
        assert model.graph_encoder is None
        return
    assert model.graph_encoder is not None
    torch.manual_seed(0)
    assert sum(weight.numel() for weight in model.graph_encoder.build(hidden_size=128).parameters()) > 10_000
