"""Kinds are told apart: by colour with every kind of colour vision, or by marker and dashes."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from tests.records.test_places_map import VISION, lab
from ugembed.graphs.drawing.palette import COLOURS, edge_looks, light, node_looks

NODES = ("image", "street", "crossing", "poi", "area", "transit")
EDGES = ("nearest", "near", "inside", "along_street", "same_street", "crossing", "bounds", "intersects")


def test_every_light_colour_is_unique_so_that_a_page_can_replace_it() -> None:
    assert len({pair[0] for pair in COLOURS.values()}) == len(COLOURS)
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for pair in COLOURS.values() for colour in pair)


@pytest.mark.parametrize("vision", VISION)
def test_nodes_differ_in_colour_for_every_eye(vision: str) -> None:
    colours = [light(name) for name in ("camera", "street", "poi", "area", "ground")]
    least = min(float(np.linalg.norm(lab(a, vision) - lab(b, vision))) for a, b in combinations(colours, 2))
    assert least > 14


def test_no_two_known_kinds_look_the_same() -> None:
    nodes, edges = node_looks(NODES), edge_looks(EDGES)
    assert (tuple(nodes), tuple(edges)) == (NODES, EDGES)
    assert len({(look.colour, look.marker) for look in nodes.values()}) == len(NODES)
    assert len({(look.colour, str(look.dashes)) for look in edges.values()}) == len(EDGES)


def test_unknown_kinds_come_last_by_name_and_differ() -> None:
    nodes = node_looks([f"kind{i:02}" for i in range(12)] + ["poi", ""])
    assert list(nodes)[:3] == ["poi", "", "kind00"]
    assert len({(look.colour, look.marker) for look in nodes.values()}) == len(nodes)
    edges = edge_looks([f"type{i:02}" for i in range(12)])
    assert len({(look.colour, str(look.dashes)) for look in edges.values()}) == 12
