"""Rows that show whether two models are the same: words, pictures and graphs, always the same ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ugembed.graphs.schema import Edge, Node, UrbanGraph
from ugembed.models.embedder import Embedder
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item

_TEXTS = (
    "a quiet street by the river",
    "Which shop is nearest to the camera, and in which direction?",
    "café, 東京, Ünter den Linden 7",
    "x",
)
_SIZES = ((84, 56), (112, 168))
_LON, _LAT = 11.57, 48.14


def probe_vectors(embedder: Embedder) -> NDArray[np.float32]:
    """(n, d) unit vectors of the probes that this model can read."""
    return embedder.encode_items(probes(graphs=embedder.graph_encoder is not None))


def probes(*, graphs: bool) -> list[Item]:
    """Texts, pictures, pictures with words and, if wanted, all of them with a local graph."""
    pictures = [_picture(size) for size in _SIZES]
    items = [Item(text=text) for text in _TEXTS]
    items += [Item(text=IMAGE_TAG, images=(picture,)) for picture in pictures]
    items += [Item(text=f"{IMAGE_TAG}{_TEXTS[1]}", images=(picture,)) for picture in pictures]
    if graphs:
        items += [
            Item(text=f"{GRAPH_TAG}{IMAGE_TAG}{_TEXTS[0]}", images=(picture,), graphs=(_graph(nodes),))
            for picture, nodes in zip(pictures, (1, 7), strict=True)
        ]
    return items


def least_cosine(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The smallest cosine between row i of one and row i of the other; rows are of unit length."""
    return float((first.astype(np.float64) * second.astype(np.float64)).sum(axis=1).min())


def _picture(size: tuple[int, int]) -> Image.Image:
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    return Image.fromarray(np.stack([x * 2, y * 1.4, (x * y) % 251], axis=-1).astype(np.uint8))


def _graph(nodes: int) -> UrbanGraph:
    kinds = ("image", "cafe", "street")
    made = [
        Node(
            str(k),
            _LON + 4e-4 * k,
            _LAT + 3e-4 * (k % 3),
            f"Name: place {k}, Category: {kinds[k % 3] if k else 'image'}",
        )
        for k in range(nodes)
    ]
    return UrbanGraph(tuple(made), tuple(Edge("0", str(k), "near") for k in range(1, nodes)), "0")
