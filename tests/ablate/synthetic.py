"""Answers without models: hits drawn at random, and ablations that need no data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ugembed.ablate.answers import METRICS, Answers
from ugembed.ablate.config import AblationConfig, RowRef

STAGE1 = """# ugembed train stage1
stage: { kind: stage1 }
out: runs/stage1
model: { backbone: { kind: tiny } }
data: { train: [rows/stage1.jsonl] }
"""
STAGE2 = """# ugembed train stage2
stage: { kind: stage2 }
out: runs/stage2
model: { backbone: { kind: tiny }, graph_encoder: { kind: gat }, fusion: { kind: tokens } }
data: { train: [rows/stage2.jsonl] }
"""
ONE = RowRef(variant="one", mode="image")
TWO = RowRef(variant="two", mode="fusion")
OTHER = RowRef(variant="other", mode="fusion")
ABLATION: dict[str, Any] = {
    "runs": {"stage1": "stage1.yaml", "stage2": "stage2.yaml"},
    "variants": {
        "one": {"group": "stages", "chain": ["stage1"], "modes": ["image"]},
        "two": {"group": "stages", "chain": ["stage1", "stage2"], "modes": ["fusion"]},
        "other": {"group": "parts", "like": "two", "set": {"stage2": {"model.graph_encoder.layers": 1}}},
    },
    "baseline": {"variant": "two"},
    "seeds": [1, 2],
    "samples": 500,
}


def ablation(**changes: Any) -> AblationConfig:
    """A small ablation with some of its keys replaced."""
    return AblationConfig.model_validate(ABLATION | changes)


def with_run_files(folder: Path) -> Path:
    """A folder with the run files of `ablation`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stage1.yaml").write_text(STAGE1)
    (folder / "stage2.yaml").write_text(STAGE2)
    return folder


def answers(hits: Any, *, file: str = "20/heldout/geolocation/geolocation") -> Answers:
    """Cases of which some are hit: every metric is 1 or 0."""
    values = np.asarray(hits, dtype=np.float64)
    return Answers(
        cases=tuple((file, line) for line in range(1, len(values) + 1)),
        values=np.tile(values, (len(METRICS), 1)),
        chance=np.full(len(METRICS), 0.25),
    )


def drawn(share: float, *, cases: int, seed: int) -> Answers:
    """Cases of which about ``share`` are hit."""
    return answers(np.random.default_rng(seed).random(cases) < share)
