"""Tokens that are computed: padding to the longest row, against batches of similar length and rows without padding.

Rows of mixed sizes: texts of 5 to 300 words, pictures of 112 to 448 pixels a side, graphs of 10 to 200 nodes as node
tokens. The peer takes 16 rows in the order of the file and pads them. Pictures and graphs are prepared before, so that
what is timed is the model. Vectors are compared before the clock starts.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from compare import compare
from numpy.typing import NDArray
from PIL import Image

from ugembed.graphs.schema import Edge, Node, UrbanGraph
from ugembed.models.batching import length_batches, real_share
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import WINDOW, Embedder
from ugembed.models.inputs import ModelInputs
from ugembed.records.item import Item

ROWS = 64
BATCH = 16
STEP = 24
"""Rows of a training step."""
WANTED = 0.95
MODEL = {
    "backbone": {"kind": "tiny", "weights": "random", "width": 128, "layers": 4, "vision_width": 32},
    "graph_encoder": {"kind": "compact", "width": 64, "word_rank": 32, "dropout": 0.0},
    "fusion": {"kind": "tokens"},
    "lora": {"rank": 8, "dropout": 0.0},
    "inputs": {"cache_mb": 2048},
}
WORDS = ("oak", "maple", "harbour", "mill", "station", "church", "market", "river", "north", "garden", "school", "park")


def main() -> None:
    torch.set_num_threads(1)
    embedder = Embedder(ModelConfig.model_validate(MODEL)).eval()
    with tempfile.TemporaryDirectory() as folder:
        items = make_items(Path(folder), ROWS)
        lengths = [embedder.prepare.length(item) for item in items]
        print(f"{ROWS} rows of {min(lengths)} to {max(lengths)} tokens, {sum(lengths):,} in all:\n")
        inference(embedder, items, lengths)
        training(embedder, items[:STEP], lengths[:STEP])


def inference(embedder: Embedder, items: Sequence[Item], lengths: Sequence[int]) -> None:
    print("| embedding, 16 rows a batch | share of real tokens |\n|---|---|")
    similar = length_batches(lengths, max_rows=BATCH)
    as_they_come = [list(range(start, min(start + BATCH, ROWS))) for start in range(0, ROWS, BATCH)]
    shares = {
        "similar lengths, without padding": 1.0,
        "similar lengths, padded": real_share(lengths, similar),
        "order of the file, padded": real_share(lengths, as_they_come),
    }
    print("\n".join(f"| {name} | {share:.1%} |" for name, share in shares.items()))
    window = f"A window of {WINDOW} rows of lengths drawn evenly from that range, padded"
    print(f"\n{window}: {real_share(*many_rows(lengths)):.1%}; wanted ≥ {WANTED:.0%}.\n")
    runs = dict(
        zip(
            shares,
            (
                partial(encoded, embedder, items, similar, packing=True),
                partial(encoded, embedder, items, similar, packing=False),
                partial(encoded, embedder, items, as_they_come, packing=False),
            ),
            strict=True,
        )
    )
    check_equal([run() for run in runs.values()])
    print(compare(runs, repeats=5).table(amount=len(items), unit="rows/s"), end="\n\n")


def many_rows(lengths: Sequence[int]) -> tuple[list[int], list[list[int]]]:
    """A window of rows with lengths like these, in batches."""
    drawn = random.Random(2).choices(range(min(lengths), max(lengths) + 1), k=WINDOW)
    return drawn, length_batches(drawn, max_rows=BATCH)


def encoded(
    embedder: Embedder, items: Sequence[Item], batches: Sequence[Sequence[int]], *, packing: bool
) -> NDArray[np.float32]:
    vectors = np.empty((len(items), embedder.dimension), dtype=np.float32)
    embedder.backbone.rows_apart = packing  # type: ignore[attr-defined]
    with torch.no_grad():
        for batch in batches:
            vectors[batch] = embedder(embedder.prepare([items[k] for k in batch])).numpy()
    return vectors


def training(embedder: Embedder, items: Sequence[Item], lengths: Sequence[int]) -> None:
    """Forward and backward of the rows of one step, by parts prepared before."""
    embedder.backbone.rows_apart = False  # type: ignore[attr-defined]
    padded = [embedder.prepare(items)]
    parts, _ = embedder.prepare.in_parts(items)
    share = sum(lengths) / padded[0].input_ids.numel()
    in_parts = sum(lengths) / sum(part.input_ids.numel() for part in parts)
    runs: dict[str, Callable[[], object]] = {
        "one part, without padding": partial(step, embedder, padded, packing=True),
        f"{len(parts)} parts of similar length, padded ({in_parts:.0%} real)": partial(
            step, embedder, parts, packing=False
        ),
        f"one part, padded ({share:.0%} real)": partial(step, embedder, padded, packing=False),
    }
    print(f"A training step of {len(items)} rows, forward and backward:\n")
    print(compare(runs, repeats=5).table(amount=len(items), unit="rows/s"))


def step(embedder: Embedder, parts: Sequence[ModelInputs], *, packing: bool) -> None:
    embedder.backbone.rows_apart = packing  # type: ignore[attr-defined]
    embedder.zero_grad()
    torch.cat([embedder(part) for part in parts]).square().mean().backward()


def check_equal(vectors: Sequence[NDArray[np.float32]]) -> None:
    apart = max(float(np.abs(vectors[0] - other).max()) for other in vectors[1:])
    if apart > 1e-5:
        raise SystemExit(f"the contestants differ by {apart}")


def make_items(folder: Path, count: int) -> list[Item]:
    """A third texts, a third pictures with a text, a third with a graph too, in random order."""
    chance, rng = random.Random(1), np.random.default_rng(1)
    return [make_item(folder, k, chance, rng) for k in range(count)]


def make_item(folder: Path, number: int, chance: random.Random, rng: np.random.Generator) -> Item:
    text = " ".join(chance.choices(WORDS, k=chance.randint(5, 300)))
    kind = chance.randrange(3)
    if kind == 0:
        return Item(text)
    shown, near = folder / f"{number}.png", folder / f"{number}.json"
    height, width = (chance.randint(112, 448) for _ in range(2))
    Image.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8)).save(shown)
    if kind == 1:
        return Item(f"<image>{text}", (shown,))
    near.write_bytes(make_graph(chance.randint(10, 200), chance).to_bytes())
    return Item(f"<graph><image>{text}", (shown,), (near,))


def make_graph(size: int, chance: random.Random) -> UrbanGraph:
    nodes = tuple(
        Node(str(k), 103.8 + k % 20 * 1e-4, 1.3 + k // 20 * 1e-4, f"Name: {chance.choice(WORDS)} {k}")
        for k in range(size)
    )
    return UrbanGraph(nodes, tuple(Edge(str(k - 1), str(k), "near") for k in range(1, size)), "0")


if __name__ == "__main__":
    main()
