"""Bounded search over the streets of real cities against networkx."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.graphs.city.walked import as_networkx, rows, twice, twin_within, with_start
from ugembed.graphs.city.network import StreetNetwork
from ugembed.graphs.city.walking import WalkNetwork, Workspace, reached_within
from ugembed.graphs.maps.osm.read import read_osm

pytestmark = pytest.mark.real_data
STARTS = 25


def city(osm: Path) -> WalkNetwork:
    links = read_osm(osm).links
    names = [name for link in links for name in (link.start, link.end)]
    ends = np.unique(names, return_inverse=True)[1].reshape(-1, 2).astype(np.int32)
    return WalkNetwork(ends, StreetNetwork(links).length_m)


@pytest.mark.parametrize(
    ("name", "limit_m"),
    [
        ("monaco/monaco.osm.pbf", 700.0),
        ("paris-republique/paris_bss.osm.pbf", 700.0),
        ("singapore-bayfront/bayfront_singapore.osm.pbf", 1000.0),
        ("berlin-neukoelln/input.osm", 300.0),
        ("leeds/input.osm", 300.0),
        ("andorra/andorra.osm.pbf", 3000.0),
    ],
)
def test_a_real_city_as_networkx_walks_it(shared_data: Path, name: str, limit_m: float) -> None:
    net = city(shared_data / "osm" / name)
    rng = np.random.default_rng(3)
    link = rng.integers(0, len(net.ends), STARTS)
    along_m = net.length_m[link] * rng.random(STARTS)
    rooms = Workspace(net), Workspace(twice(net))
    reached = reached_within(net, link=link, along_m=along_m, limit_m=limit_m, workspace=rooms[0])
    again = reached_within(twice(net), link=link, along_m=along_m, limit_m=limit_m, workspace=rooms[1])
    assert np.array_equal(again.node, reached.node)
    assert rooms[0].arcs == rooms[1].arcs > STARTS
    graph = as_networkx(net)
    for i in range(STARTS):
        twin = twin_within(with_start(graph, net, link[i], along_m[i]), limit_m)
        found = dict(rows(reached, i))
        assert found.keys() == twin.keys()
        assert list(found.values()) == pytest.approx([twin[node] for node in found], abs=1e-6)
    assert len(reached.node) > 4 * STARTS
