"""The graph encoder: a batch as one disjoint union, against one graph at a time with node texts tokenised anew.

The peer is what the reference would do if it encoded every graph of a batch: a loop over graphs, node texts tokenised
and looked up in the word embeddings at every pass, the same weights. Outputs are compared before the clock starts. Node
texts are as long as those of real graphs; widths are small, and all run on one thread, so that it ends in minutes.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Sequence

import numpy as np
import torch
from compare import compare, memory
from torch import Tensor, nn

from ugembed.graphs.features import GraphBatch, GraphTensors
from ugembed.models.backbones.tiny import shipped_text_side
from ugembed.models.graph_encoders.base import GraphEncoder
from ugembed.models.graph_encoders.cached import CachedEncoder
from ugembed.models.graph_encoders.compact import CompactConfig
from ugembed.models.node_text import NodeText

HIDDEN = 128
WIDTH = 64
SETS = {"64 graphs of 1000 nodes": [1000] * 64, "256 graphs of 20–80 nodes": [20 + 60 * k // 255 for k in range(256)]}
WANTED = {"64 graphs of 1000 nodes": 2.5, "256 graphs of 20–80 nodes": 20.0}
WORDS = ("oak", "maple", "harbour", "mill", "station", "church", "market", "river", "north", "garden", "school", "park")
STREETS = ("street", "avenue", "road", "lane", "square")
CATEGORIES = ("library", "café", "shop", "house", "crossing", "street", "school", "pharmacy", "bus_stop", "park")
THREADS = 1
TASKS = ("training step", "inference", "inference, every graph seen before")


def main() -> None:
    if len(sys.argv) > 1:
        print_peak(sys.argv[1], sys.argv[2], sys.argv[3])
        return
    torch.set_num_threads(THREADS)
    for name, sizes in SETS.items():
        graphs = make_graphs(sizes)
        nodes, edges = sum(sizes), sum(graph.edge_index.shape[1] for graph in graphs)
        print(f"{name}: {nodes:,} nodes, {edges:,} directed edges; wanted ≥ {WANTED[name]} ×\n")
        encoder, tokenizer, words = parts()
        check_equal(graphs, encoder, tokenizer, words)
        for task in TASKS:
            result = compare(runs(graphs, task, encoder, tokenizer, words), repeats=5)
            print(f"{task}:\n\n{result.table(amount=nodes, unit='nodes/s')}\n")
    print("| graphs | task | one union, peak memory | one at a time |\n|---|---|---|---|")
    for name in SETS:
        for task in TASKS[:2]:
            print(f"| {name} | {task} | {peak(name, task, 'union'):,.0f} MiB | {peak(name, task, 'each'):,.0f} MiB |")


def parts() -> tuple[GraphEncoder, object, nn.Embedding]:
    """The encoder, the tokenizer and the frozen word embeddings, always the same."""
    tokenizer, _ = shipped_text_side()
    torch.manual_seed(0)
    words = nn.Embedding(len(tokenizer), HIDDEN).requires_grad_(False)
    config = CompactConfig(width=WIDTH, word_rank=32, position_width=32, edge_width=32, dropout=0.0)
    return config.build(hidden_size=HIDDEN), tokenizer, words


def runs(
    graphs: Sequence[GraphTensors], task: str, encoder: GraphEncoder, tokenizer: object, words: nn.Embedding
) -> dict[str, Callable[[], object]]:
    """Contestants of a task; ours first."""
    node_text, step = NodeText(tokenizer, words), task == "training step"
    encoder.train(step)
    together = lambda: passed(lambda: union(graphs, encoder, node_text), step)  # noqa: E731
    apart = lambda: passed(lambda: each(graphs, encoder, tokenizer, words), step)  # noqa: E731
    if task != TASKS[2]:
        return {"one union, texts kept": together, "one graph at a time": apart}
    cached = CachedEncoder(encoder)
    again = lambda: passed(lambda: cached(node_text, GraphBatch.union(graphs, range(len(graphs)))), False)  # noqa: E731
    return {"graphs kept": again, "one union, texts kept": together}


def passed(forward: Callable[[], Tensor], step: bool) -> Tensor:
    """Run forward, and backward too for a training step."""
    with torch.set_grad_enabled(step):
        states = forward()
        if step:
            states.square().mean().backward()
    return states


def union(graphs: Sequence[GraphTensors], encoder: GraphEncoder, node_text: NodeText) -> Tensor:
    batch = GraphBatch.union(graphs, range(len(graphs)))
    states: Tensor = encoder(node_text(batch.texts), batch)
    return states


def each(graphs: Sequence[GraphTensors], encoder: GraphEncoder, tokenizer: object, words: nn.Embedding) -> Tensor:
    """The peer; a new `NodeText` remembers nothing, and computes a text that occurs twice in a graph once."""
    states = [encoder(NodeText(tokenizer, words)(graph.texts), GraphBatch.union([graph], [0])) for graph in graphs]
    return torch.cat(states)


def check_equal(graphs: Sequence[GraphTensors], encoder: GraphEncoder, tokenizer: object, words: nn.Embedding) -> None:
    node_text = NodeText(tokenizer, words)
    with torch.no_grad():
        ours, theirs = union(graphs, encoder, node_text), each(graphs, encoder, tokenizer, words)
    apart = float((ours - theirs).abs().max())
    if apart > 1e-5:
        raise SystemExit(f"the contestants differ by {apart}")


def make_graphs(sizes: Sequence[int]) -> list[GraphTensors]:
    """Streets of a city: every node is joined to three near ones; names and addresses are rarely the same."""
    chance, rng = random.Random(1), np.random.default_rng(1)
    return [make_graph(size, chance, rng) for size in sizes]


def make_graph(size: int, chance: random.Random, rng: np.random.Generator) -> GraphTensors:
    position = rng.uniform(-600, 600, (size, 2))
    position[0] = 0
    apart = ((position[:, None] - position[None]) ** 2).sum(axis=2)
    near = np.argsort(apart, axis=1)[:, 1:4]
    ends = {(a, int(b)) for a in range(size) for b in near[a]}
    pairs = np.array(sorted({(b, a) for a, b in ends} | ends))  # (target, source)
    offset = position[pairs[:, 0]] - position[pairs[:, 1]]
    numbers = (position, np.hypot(*offset.T), np.degrees(np.arctan2(*offset.T)) % 360, offset)
    place, distance, bearing, along = (torch.from_numpy(values).float() for values in numbers)
    texts = tuple(node_text(chance, *where) for where in position)
    return GraphTensors(texts, place, torch.from_numpy(pairs[:, ::-1].T.copy()), distance, bearing, along)


def node_text(chance: random.Random, east: float, north: float) -> str:
    name, street = " ".join(chance.sample(WORDS, 2)).title(), chance.choice(WORDS).title()
    number, category = chance.randrange(200), chance.choice(CATEGORIES)
    address = f"{number} {street} {chance.choice(STREETS)}, District {chance.randrange(9)}"
    lon, lat = 103.85 + east / 111_000, 1.3 + north / 111_000
    return f"Name: {name}, Category: {category}, Address: {address}, Coordinates: ({lon:.6f}, {lat:.6f})"


def peak(name: str, task: str, how: str) -> float:
    """Peak memory in MiB of a process that does it, above what the process had before."""
    done = subprocess.run([sys.executable, __file__, name, task, how], capture_output=True, text=True, check=True)
    return float(done.stdout)


def print_peak(name: str, task: str, how: str) -> None:
    torch.set_num_threads(THREADS)
    graphs = make_graphs(SETS[name])
    ours, theirs = runs(graphs, task, *parts()).values()
    passed(lambda: union(graphs[:1], parts()[0], NodeText(*parts()[1:])), True)  # torch's own threads and code
    before = memory("VmRSS")
    (ours if how == "union" else theirs)()
    print((memory("VmHWM") - before) / 1024)


if __name__ == "__main__":
    main()
