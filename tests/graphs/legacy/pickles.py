"""Graphs as the reference's scripts pickle them, and pickles that no one should open."""

from __future__ import annotations

import os
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
CENTER = "402100000000001"
CLASSES: tuple[type[nx.Graph], ...] = (nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph)


def text_of(id: object, lon: float, lat: float, country: str = "Singapore") -> str:
    """The reference's template, with its double comma."""
    return f"Name: Place {id}, ID: {id}, Category: shop, Country: {country}, , Coordinates: ({lon:.6f}, {lat:.6f})"


def reference_graph(kind: type[nx.Graph] = nx.Graph, *, nodes: int = 6, lon: float = 103.85, lat: float = 1.3) -> Any:
    """A star of ``nodes`` around the image, with a ring; edge attributes are Python's and numpy's numbers."""
    graph = kind()
    for i in range(nodes):
        id = CENTER if i == 0 else str(70 + i)
        at = (lon + i * 1e-4, lat + (i % 3) * 1e-4)
        graph.add_node(id, coords=at, node_text=text_of(id, *at))
    names = list(graph)
    for i in range(1, nodes):
        graph.add_edge(CENTER, names[i], id1=CENTER, id2=names[i], type="near", distance=np.float64(11.5 * i))
        graph.add_edge(
            names[i], names[i % (nodes - 1) + 1], type="crossing", bearing=np.float32(90.5), weight=np.int64(i)
        )
    return graph


def used(graph: Any) -> Any:
    """The graph after every view was asked of it: networkx keeps them, and pickles them with the graph."""
    for name in ("nodes", "edges", "degree", "adj", "in_edges", "out_edges", "in_degree", "out_degree", "succ", "pred"):
        if hasattr(graph, name):
            list(getattr(graph, name))
    return graph


def write_pickle(path: Path, value: Any, protocol: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    return path


class Calls:
    """Pickles as the call of a function, which Python's unpickler would make."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def touching(path: Path) -> dict[str, Any]:
    """Values whose pickles make the file ``path``, or do worse, when Python reads them."""
    command = f"touch {path}"
    return {
        "os.system": Calls(os.system, command),
        "eval": Calls(eval, f"__import__('os').system({command!r})"),
        "exec": Calls(exec, f"open({str(path)!r}, 'w')"),
        "open": Calls(open, str(path), "w"),
        "getattr": Calls(getattr, "text", "upper"),
        "import": Calls(__import__, "os"),
        "numpy.load": Calls(np.load, str(path)),
        "numpy.memmap": Calls(np.memmap, str(path), "uint8", "w+", 0, 16),
        "in a graph": nx.Graph([(1, 2, {"hidden": Calls(os.system, command)})]),
        "in the dict around it": {"subgraph": nx.Graph(), "extra": Calls(os.system, command)},
        "in a numpy array": np.array([Calls(os.system, command)], dtype=object),
    }


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A pickle with up to four bytes changed, runs cut out or copied elsewhere."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                del changed[at : at + chance.randint(1, 8)]
            case _:
                changed[at:at] = changed[chance.randrange(len(changed)) :][: chance.randint(1, 16)]
    return bytes(changed)
