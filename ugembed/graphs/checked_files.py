"""The pictures and graphs that were looked at: which, what they hold, and what is odd about them."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ugembed.graphs.looks import Look
from ugembed.records.checking.columns import Column
from ugembed.records.checking.named_files import Named
from ugembed.records.report import Problem


class CheckedFiles:
    """Files by identity, about 70 bytes each and 24 more for the place of a graph.

    Attributes:
        tokens, nodes, edges: Number of pictures by visual tokens, and of graphs by nodes and edges.
    """

    def __init__(self) -> None:
        self.tokens, self.nodes, self.edges = Counter[int](), Counter[int](), Counter[int]()
        self._seen: dict[str, set[int]] = {"image": set(), "graph": set()}
        self._broken = array("q")
        self._graphs, self._places = array("q"), array("d")
        self._warnings: dict[str, tuple[Problem, int]] = {}

    def unseen(self, named: Iterable[Named]) -> list[Named]:
        """Those of the files that were not given before."""
        return [file for file in named if self._is_new(file.kind, file.identity)]

    def _is_new(self, kind: str, identity: int) -> bool:
        seen = self._seen[kind]
        before = len(seen)
        seen.add(identity)
        return len(seen) > before

    def add_named(self, named: Named, look: Look) -> list[Problem]:
        """Take the look at a file that is `unseen`; returns its problems."""
        if look.problems:
            self._broken.append(named.identity)
        if look.tokens:
            self.tokens[look.tokens] += 1
        self._add_graph(named.identity, look)
        return list(look.problems)

    def add_graph(self, identity: int, look: Look) -> list[Problem]:
        """Take the look at a graph file by itself, which may have been seen; returns its problems."""
        if not identity:
            return list(look.problems)
        if not self._is_new("graph", identity):
            return []
        if look.problems:
            self._broken.append(identity)
        self._add_graph(identity, look)
        return list(look.problems)

    def _add_graph(self, identity: int, look: Look) -> None:
        if look.graph is None:
            return
        for problem in look.graph.problems:
            if problem.severity == "warning":
                first, count = self._warnings.get(problem.code, (problem, 0))
                self._warnings[problem.code] = first, count + 1
        if look.graph.facts is not None:
            facts = look.graph.facts
            self.nodes[facts.nodes] += 1
            self.edges[facts.edges] += 1
            self._graphs.append(identity)
            self._places.extend((facts.lon, facts.lat))

    def warnings(self) -> list[Problem]:
        """One for each code: the first graph, and how many others are like it."""
        return [
            replace(first, message=f"{first.message}; the same in {count - 1} other graph(s)") if count > 1 else first
            for first, count in self._warnings.values()
        ]

    def broken(self) -> Column:
        """Identities of the files that cannot be used."""
        return np.array(self._broken, np.int64)

    def centres(self) -> tuple[Column, Column, Column]:
        """Sorted identities of graphs, and longitude and latitude of their centres in degrees."""
        graphs = np.array(self._graphs, np.int64)
        order = np.argsort(graphs)
        lon, lat = np.array(self._places).reshape(-1, 2)[order].T
        return graphs[order], lon, lat

    def count(self, kind: str) -> int:
        """Number of distinct files."""
        return len(self._seen[kind])
