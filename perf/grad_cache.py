"""Large contrast on small memory: gradients by parts against the whole batch, and against sentence-transformers' loss.

Three questions of goal 9. Memory: a step of 1024 rows in parts of 8 against a step of 8 rows, each in a process of its
own. Time: a step by parts against the same step at once. Peer: the same texts and weights under
`CachedMultipleNegativesRankingLoss`, with parts of 8 rows and with its budget of tokens, where that library is
installed. Gradients are compared before the clock starts. Models are small and all runs on one thread, so that it ends
in minutes; what counts is the processor time of that thread.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from compare import Comparison, memory
from PIL import Image
from torch import nn

from ugembed.graphs.schema import Edge, Node, UrbanGraph
from ugembed.losses.info_nce import InfoNceConfig
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.inputs import ModelInputs
from ugembed.records.item import Item
from ugembed.records.pair import Pair
from ugembed.train.stages.base import trained_parameters
from ugembed.train.stages.contrastive import Contrastive, PairBatch
from ugembed.train.stages.parts import NO_LIMIT, PartLimit

CPU = torch.device("cpu")
ROWS = 48
WORDS = ("oak", "maple", "harbour", "mill", "station", "church", "market", "river", "north", "garden", "school", "park")
SIZES = ((24, 24), (2, 120))
"""Words of a text, from and to; short ones are as frequent as long ones on a logarithmic scale."""


def main() -> None:
    torch.set_num_threads(1)
    if len(sys.argv) > 1:
        print_peak(int(sys.argv[1]), sys.argv[2])
        return
    print(f"{ROWS} rows of a query and a document, one thread, LoRA on a Qwen2.5-VL of 4 layers and width 128\n")
    rows = {f"texts of {low} to {high} words": texts(ROWS, low, high) for low, high in SIZES}
    for name, pairs in (rows | {"a picture and a graph, and a text of ten words": shown(ROWS)}).items():
        result = compare(contestants(pairs), repeats=7)
        print(f"{name}:\n\n{result.table(amount=2 * ROWS, unit='rows/s')}\n")
    print("Width 256, rows of a picture and a graph:\n")
    print("| step | peak memory above the prepared rows |\n|---|---|")
    for rows, how in ((8, "at once"), (8, "by parts"), (64, "at once"), (1024, "by parts")):
        done = subprocess.run([sys.executable, __file__, str(rows), how], capture_output=True, text=True, check=True)
        print(f"| {rows} rows {how} | {float(done.stdout):,.0f} MiB |")


def compare(runs: Mapping[str, Callable[[], object]], *, repeats: int) -> Comparison:
    """As `compare.compare`, in seconds of processor time."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            gc.collect()
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    return Comparison({name: tuple(values) for name, values in seconds.items()})


def contestants(pairs: Sequence[Pair]) -> dict[str, Callable[[], object]]:
    """Steps on prepared rows, all of one gradient; the first is ours within a budget of tokens."""
    only_texts = not pairs[0].query.images
    embedder = small_embedder(graph_part=not only_texts)
    longest = max(embedder.prepare.length(item) for pair in pairs for item in (pair.query, *pair.positives))
    limits = {
        "by parts of as many tokens": PartLimit(tokens=8 * longest),
        "by parts of 8 rows": PartLimit(rows=8),
        "at once": NO_LIMIT,
    }
    runs = {name: step_of(embedder, pairs, limit) for name, limit in limits.items()}
    runs["at once, activations recomputed"] = recomputing(embedder, runs["at once"])
    if only_texts and importlib.util.find_spec("sentence_transformers") is not None:
        runs["sentence-transformers, 8 rows"] = peer_of(embedder, pairs, {"mini_batch_size": 8})
        runs["sentence-transformers, as many tokens"] = peer_of(embedder, pairs, {"mini_batch_num_tokens": 8 * longest})
    check_equal(embedder, runs)
    return runs


def step_of(embedder: Embedder, pairs: Sequence[Pair], limit: PartLimit) -> Callable[[], object]:
    """Forward and backward of a stage on rows that are prepared once."""
    loss = InfoNceConfig(temperature=0.05).build()
    stage = Contrastive(embedder, loss, seed=0, device=CPU, limit=limit)
    batch = stage.prepare(pairs, epoch=0)
    return lambda: step(stage, batch)


def recomputing(embedder: Embedder, run: Callable[[], object]) -> Callable[[], object]:
    """The same step with gradient checkpointing, as large models are trained at once."""

    def checkpointed() -> None:
        embedder.backbone.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        run()
        embedder.backbone.model.gradient_checkpointing_disable()

    return checkpointed


def step(stage: Contrastive, batch: PairBatch) -> None:
    stage.module.train()
    for parameter in trained_parameters(stage).values():
        parameter.grad = None
    stage.backward(stage.module, batch, micro_steps=1, syncing=lambda last: nullcontext())


class TextTower(nn.Module):
    """The same language model as a module of sentence-transformers that takes token ids; padding is computed."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self.embedder = embedder

    def forward(self, features: dict[str, Any]) -> dict[str, Any]:
        ids, none = features["input_ids"], torch.zeros(0, dtype=torch.int64)
        inputs = ModelInputs(
            input_ids=ids, attention_mask=features["attention_mask"], token_types=torch.zeros_like(ids),
            pixel_values=None, image_grid=None, image_row=none, image_parts=none, graphs=None,
        )  # fmt: skip
        backbone = self.embedder.backbone
        vectors = backbone.pool(backbone.hidden_states(inputs), inputs.attention_mask)
        return {**features, "sentence_embedding": nn.functional.normalize(vectors, dim=1)}


def peer_of(embedder: Embedder, pairs: Sequence[Pair], size: dict[str, int]) -> Callable[[], object]:
    """A step of sentence-transformers' cached loss on the same rows, in the order of the batch, padded as it pads."""
    library = importlib.import_module("sentence_transformers")
    losses = importlib.import_module("sentence_transformers.sentence_transformer.losses")
    model = library.SentenceTransformer(modules=[TextTower(embedder)], device="cpu")
    loss = losses.CachedMultipleNegativesRankingLoss(model, scale=20.0, **size)
    sides = [[pair.query for pair in pairs], [pair.positives[0] for pair in pairs]]
    prepared = [embedder.prepare(side) for side in sides]
    features = [{"input_ids": one.input_ids, "attention_mask": one.attention_mask} for one in prepared]

    def run() -> None:
        model.train()
        for parameter in embedder.trained_parameters().values():
            parameter.grad = None
        loss([dict(one) for one in features], None).backward()

    return run


def check_equal(embedder: Embedder, runs: dict[str, Callable[[], object]]) -> None:
    gradients = {}
    for name, run in runs.items():
        run()
        found = [value.grad for value in embedder.trained_parameters().values()]
        gradients[name] = torch.cat([grad.flatten() for grad in found if grad is not None])
    first = next(iter(gradients.values()))
    for name, other in gradients.items():
        apart = float((first - other).abs().max() / first.abs().max())
        if not apart < 1e-4:
            raise SystemExit(f"{name}: the gradient differs by {apart}")


def small_embedder(*, graph_part: bool, width: int = 128) -> Embedder:
    """Random weights, always the same; no dropout, so that gradients can be compared."""
    config: dict[str, Any] = {
        "backbone": {"kind": "tiny", "weights": "random", "width": width, "layers": 4},
        "lora": {"rank": 8, "dropout": 0.0},
        "inputs": {"min_pixels": 784, "max_pixels": 4704},
    }
    if graph_part:
        config |= {"graph_encoder": {"kind": "compact", "width": 64, "dropout": 0.0}, "fusion": {"kind": "tokens"}}
    embedder = Embedder(ModelConfig.model_validate(config))
    with torch.no_grad():  # adapters start at zero, where half of their gradients are
        for name, parameter in embedder.trained_parameters().items():
            if "lora_B" in name:
                parameter.normal_(std=0.02, generator=torch.Generator().manual_seed(0))
    return embedder


def texts(count: int, shortest: int, longest: int) -> list[Pair]:
    chance = random.Random(1)

    def text() -> str:
        words = round(shortest * (longest / shortest) ** chance.random())
        return " ".join(chance.choice(WORDS) for _ in range(words))

    return [Pair(Item(f"{k} {text()}"), (Item(f"{text()} {k}"),), group=str(k)) for k in range(count)]


def shown(count: int) -> list[Pair]:
    """Rows of a picture and a graph, and a text of ten words."""
    rng, answers = np.random.default_rng(1), texts(count, 10, 10)
    return [
        Pair(Item("<graph><image>Where?", (picture(rng),), (graph(rng, k),)), answers[k].positives, group=str(k))
        for k in range(count)
    ]


def picture(rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(rng.integers(0, 255, (56, 84, 3), dtype=np.uint8))


def graph(rng: np.random.Generator, number: int) -> UrbanGraph:
    lon, lat = 11.5 + rng.uniform(-0.003, 0.003, 20), 48.1 + rng.uniform(-0.003, 0.003, 20)
    nodes = [Node(str(k), lon[k], lat[k], f"Name: place {number} {k}, Category: library") for k in range(20)]
    return UrbanGraph(tuple(nodes), tuple(Edge("0", str(k), "near") for k in range(1, 20)), "0")


def print_peak(rows: int, how: str) -> None:
    """Peak memory of a step in MiB, above what the process holds when its rows are prepared."""
    embedder = small_embedder(graph_part=True, width=256)
    loss = InfoNceConfig(temperature=0.05).build()
    stage = Contrastive(embedder, loss, seed=0, device=CPU, limit=PartLimit(rows=8) if how == "by parts" else NO_LIMIT)
    step(stage, stage.prepare(shown(2), epoch=0))  # torch's own threads and code
    batch = stage.prepare(shown(rows), epoch=0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = memory("VmRSS")
    step(stage, batch)
    print((memory("VmHWM") - before) / 1024)


if __name__ == "__main__":
    main()
