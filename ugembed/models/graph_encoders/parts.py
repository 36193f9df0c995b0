"""Batches of graphs taken apart and put together again, and encoded part by part where that is faster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import torch
from torch import Tensor

from ugembed.graphs.features import GraphBatch

PART_NODES = 2048
"""On the CPU, larger batches are encoded in parts of whole graphs of about so many nodes.

Tensors of edges then stay small enough (32 MB) to be reused by the allocator; larger ones are new pages every time, and
a training step on 64 000 nodes takes twice as long.
"""
_OWN = ("texts", "row", "size")
"""Fields of a batch that are no geometry."""


def in_parts(encode: Callable[[Tensor, GraphBatch], Tensor], text: Tensor, batch: GraphBatch) -> Tensor:
    """What ``encode`` makes of (N, d) text vectors and a batch, part by part: graphs know nothing of each other."""
    if text.device.type != "cpu" or len(text) <= PART_NODES or len(batch.size) == 1:
        return encode(text, batch)
    counts, room = list[int](), 0
    for size in batch.size.tolist():
        if size > room:
            counts.append(0)
            room = PART_NODES
        counts[-1] += 1
        room -= size
    parts = split(batch, counts)
    texts = pieces(text, [len(part.texts) for part in parts])
    return torch.cat([encode(*each) for each in zip(texts, parts, strict=True)])


def split(batch: GraphBatch, counts: list[int] | None = None) -> list[GraphBatch]:
    """A batch as several: the first ``counts[0]`` graphs, and so on; without counts, every graph is a batch of its own.

    Edges stay in their order, graphs keep their rows.
    """
    counts = [1] * len(batch.size) if counts is None else counts
    device = batch.size.device
    group = torch.repeat_interleave(torch.arange(len(counts), device=device), torch.tensor(counts, device=device))
    nodes = torch.zeros(len(counts), dtype=torch.int64, device=device).index_add(0, group, batch.size)
    of_edge = torch.repeat_interleave(group, batch.size)[batch.edge_index[1]]
    order = torch.argsort(of_edge, stable=True)
    edges, sizes = torch.bincount(of_edge, minlength=len(counts)).tolist(), nodes.tolist()
    starts = torch.cumsum(nodes, 0) - nodes
    local = (batch.edge_index - starts[of_edge]).T
    cut = {
        name: pieces(value[order], edges) if name.startswith("edge_") else pieces(value, sizes)
        for name, value in geometry(replace(batch, edge_index=local)).items()
    }
    rows, graph_sizes = pieces(batch.row, counts), pieces(batch.size, counts)
    made, start = [], 0
    for k, size in enumerate(sizes):
        values = {name: parts[k] for name, parts in cut.items()}
        values |= {"edge_index": values["edge_index"].T, "row": rows[k], "size": graph_sizes[k]}
        made.append(replace(batch, texts=batch.texts[start : start + size], **values))
        start += size
    return made


def join(parts: list[GraphBatch]) -> GraphBatch:
    """Batches of one graph each as one disjoint union; graph k belongs to row k."""
    size = torch.cat([part.size for part in parts])
    starts = torch.cumsum(size, 0) - size
    values = {
        name: torch.cat([getattr(part, name) for part in parts]) for name in geometry(parts[0]) if name != "edge_index"
    }
    values["edge_index"] = torch.cat(
        [part.edge_index + start for part, start in zip(parts, starts, strict=True)], dim=1
    )
    texts = tuple(text for part in parts for text in part.texts)
    return replace(parts[0], texts=texts, row=torch.arange(len(parts), device=size.device), size=size, **values)


def geometry(batch: GraphBatch) -> dict[str, Tensor]:
    """Every tensor of nodes or edges that the batch carries; those of edges begin with ``edge_``."""
    values = {field.name: getattr(batch, field.name) for field in fields(batch) if field.name not in _OWN}
    return {name: value for name, value in values.items() if value is not None}


def pieces(values: Tensor, sizes: list[int]) -> tuple[Tensor, ...]:
    """Neighbouring rows, ``sizes`` of them each."""
    cut: tuple[Tensor, ...] = torch.split(values, sizes)
    return cut
