"""Training tells its rows what embedding and evaluation tell theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.fixtures import model_config, write_rows
from ugembed.losses.info_nce import InfoNceConfig
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.inputs import ModelInputs
from ugembed.models.prompts import as_document, as_query
from ugembed.train.config import DataConfig
from ugembed.train.data import load_pairs
from ugembed.train.stages.contrastive import Stage1Config

PROMPTS = {"query": "Find the place.", "document": "", "stage1_image_only": "Say where this is."}


@pytest.mark.parametrize("task", ["stage1_image_only", "unknown"])
def test_a_step_holds_the_tokens_that_evaluation_makes(tmp_path: Path, task: str) -> None:
    prompts = {name: text for name, text in PROMPTS.items() if name != task} if task == "unknown" else PROMPTS
    rows = load_pairs([write_rows(tmp_path, rows=4, stage=1)], DataConfig(train=()))
    embedder = Embedder(ModelConfig.model_validate(model_config(graph_part=False) | {"prompts": prompts}))
    stage = Stage1Config().build(embedder, InfoNceConfig().build(), seed=0, device=torch.device("cpu"))
    found = {row_tokens(part, k) for part in stage.prepare(rows, epoch=0).parts for k in range(len(part))}
    queries = [as_query(pair.query, prompts, task=pair.pair_type) for pair in rows]
    documents = [as_document(pair.positives[0], prompts) for pair in rows]
    wanted = {row_tokens(embedder.prepare([item]), 0) for item in [*queries, *documents]}
    assert found == wanted
    assert {row_tokens(embedder.prepare([pair.query]), 0) for pair in rows}.isdisjoint(found)


def row_tokens(inputs: ModelInputs, row: int) -> tuple[int, ...]:
    return tuple(inputs.input_ids[row][inputs.attention_mask[row].bool()].tolist())
