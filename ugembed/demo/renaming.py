"""The same place under other names, so that a model learns to read names, not to remember those of one city."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ugembed.compose.surroundings import is_crossing, name_and_category, streets_of_crossing, surroundings
from ugembed.demo.model import CityConfig, rng_for
from ugembed.demo.names import NameBook, stock
from ugembed.demo.palette import CATEGORIES, LANDMARK_SIZES
from ugembed.demo.spots import Spot
from ugembed.graphs.schema import Node, UrbanGraph
from ugembed.graphs.text import IMAGE_NAME

_ENDINGS = sorted(
    [
        *stock()["streets"],
        *stock()["parks"],
        *(word for category in CATEGORIES.values() for word in category.words),
        *(kind.capitalize() for kind in LANDMARK_SIZES),
    ],
    key=len,
    reverse=True,
)
_RIVER = "River "
COPIES = 2
"""Renamed copies of every training picture's graph."""


def renamed_copies(config: CityConfig, spot: Spot, folder: Path) -> Iterator[Spot]:
    """`COPIES` spots with the same picture and other names; their graph files are to be ``folder/<id>-<copy>.json``."""
    for copy in range(1, COPIES + 1):
        graph = renamed(spot.graph, rng_for(config, "renamed", int(spot.id[1:]), copy))
        new = {str(old.attributes.get("name")): str(node.attributes.get("name"))
               for old, node in zip(spot.graph.nodes, graph.nodes, strict=True)}  # fmt: skip
        yield replace(
            spot,
            copy=copy,
            graph=graph,
            graph_file=folder / f"{spot.id}-{copy}.json",
            known=surroundings(graph),
            seen_names=tuple(new.get(name, name) for name in spot.seen_names),
        )


def renamed(graph: UrbanGraph, rng: np.random.Generator) -> UrbanGraph:
    """A copy in which every named thing has a new stem and keeps its kind: ``Old Heron Café`` → ``Velmora Café``.

    A name that occurs in several nodes (a street and its crossings) is replaced by the same new one everywhere; ids,
    coordinates and edges stay.
    """
    book = NameBook(rng)
    new = {name: _another(name, book) for name in sorted(set(_names(graph)))}
    pattern = re.compile("|".join(re.escape(name) for name in sorted(new, key=len, reverse=True)))

    def reworded(text: str) -> str:
        return pattern.sub(lambda match: new[match[0]], text)

    def renamed_node(node: Node) -> Node:
        attributes = {
            key: reworded(value) if isinstance(value, str) else value for key, value in node.attributes.items()
        }
        return replace(node, text=reworded(node.text), attributes=attributes)

    return replace(graph, nodes=tuple(renamed_node(node) for node in graph.nodes))


def _names(graph: UrbanGraph) -> Iterator[str]:
    """Every proper name in the texts of the nodes."""
    for node in graph.nodes:
        name, category = name_and_category(node)
        if is_crossing(name):
            yield from streets_of_crossing(name)
        elif name and name not in (IMAGE_NAME, f"unnamed {category}"):
            yield name


def _another(name: str, book: NameBook) -> str:
    if name.startswith(_RIVER):
        return _RIVER + book.stem()
    ending = next((ending for ending in _ENDINGS if name.endswith(f" {ending}")), None)
    return f"{book.stem()} {ending}" if ending else book.stem()
