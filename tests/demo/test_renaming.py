"""Renamed copies: the same map, other names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ugembed.compose.surroundings import streets_of_crossing
from ugembed.demo.renaming import renamed
from ugembed.graphs.schema import UrbanGraph


def test_only_names_change_and_each_keeps_its_kind_and_is_the_same_everywhere(written: Path) -> None:
    for number, file in enumerate(sorted((written / "graphs").glob("v*.json"))[:20]):
        graph = UrbanGraph.read(file)
        copy = renamed(graph, np.random.default_rng(number))
        assert (copy.edges, copy.center, copy.attributes) == (graph.edges, graph.center, graph.attributes)
        new: dict[str, str] = {}
        for old, node in zip(graph.nodes, copy.nodes, strict=True):
            assert (node.id, node.lon, node.lat) == (old.id, old.lon, old.lat)
            before, after = str(old.attributes["name"]), str(node.attributes["name"])
            pairs = [(before, after)]
            if streets := streets_of_crossing(before):
                pairs = list(zip(streets, streets_of_crossing(after), strict=True))
            for one, other in pairs:
                assert new.setdefault(one, other) == other
            assert f"Name: {after}" in node.text
        changed = {one: other for one, other in new.items() if one != other}
        assert set(new) - set(changed) <= {"street view image", *(name for name in new if name.startswith("unnamed"))}
        assert len(set(changed.values())) == len(changed) > 5
        endings = [one.split()[-1] == other.split()[-1] for one, other in changed.items() if " " in one]
        assert sum(endings) >= 0.9 * len(endings)  # a river is named before its stem


def test_the_same_numbers_give_the_same_names(written: Path) -> None:
    graph = UrbanGraph.read(written / "graphs" / "v00000.json")
    first, again, other = (renamed(graph, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
