"""Graph files with something changed, and a slow and obvious way to tell which of them are still good."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any, NoReturn

from ugembed.graphs.decode import MAX_DEPTH

LON, LAT = 103.85, 1.3


def sample() -> dict[str, Any]:
    """A clean graph of four nodes in Singapore, joined through the image; its edges have attributes."""
    nodes = [
        {"node_id": str(900 + k), "coords": [LON + k / 1000, LAT], "node_text": f"Name: Oak {k}", "kind": "poi"}
        for k in range(4)
    ]
    edges = [{"source": "900", "target": str(900 + k), "type": "near", "distance": 111.2 * k} for k in (1, 2, 3)]
    return {"nodes": nodes, "edges": edges, "center_node": "900", "radius_m": 700.0}


def mutant(rng: random.Random) -> bytes:
    """The bytes of a graph with one to three things changed: a value, a key, or single bytes."""
    value = sample() | rng.choice(({}, {"schema_version": 1}))
    for _ in range(rng.randint(1, 2)):
        rng.choice((_another_value, _another_value, _no_key, _harmless))(value, rng)
    data = json.dumps(
        value, ensure_ascii=rng.random() < 0.5, separators=rng.choice(((",", ":"), (", ", ": "), (",", " :")))
    )
    content = bytearray(data.encode())
    if rng.random() < 0.15:
        content[rng.randrange(len(content))] = rng.choice(b'"{}[]:,\\ 01e\xff')
    if rng.random() < 0.15:
        key = rng.choice((b'"node_id"', b'"coords"', b'"source"', b'"kind"', b'"nodes"', b'"distance"'))
        content = content.replace(key, key + b": 1, " + key, rng.choice((1, 1, 99)))
    return bytes(content)


def _owner(value: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    lists = [value[key] for key in ("nodes", "edges") if isinstance(value.get(key), list)]
    return rng.choice([value, *(entry for entries in lists for entry in entries if isinstance(entry, dict))])


def _another_value(value: dict[str, Any], rng: random.Random) -> None:
    others: list[Any] = [
        None, True, 0, -3, 10**25, 1.5, "", " ", "900", "901", 901, "(103.8, 1.3)", "103.8,1.3", "(1, 2, 3)", "ab",
        [], {}, [1], [1, 2], [1.5, -2], [181, 0], [0, 91], ["1", "2"], [1, None], [1, True], [1, 2, 3],
        {"0": 1, "1": 2}, [[1, 2]], [{}], [{"source": "900", "target": "901"}], 1.0, 1,
    ]  # fmt: skip
    owner = _owner(value, rng)
    if owner:
        owner[rng.choice(list(owner))] = rng.choice(others)


def _no_key(value: dict[str, Any], rng: random.Random) -> None:
    owner = _owner(value, rng)
    if owner:
        del owner[rng.choice(list(owner))]


def _harmless(value: dict[str, Any], rng: random.Random) -> None:
    if rng.random() < 0.2 and "nodes" in value:
        value["nodes"] = [{**node, "coords": f"({LON}, {LAT})"} for node in sample()["nodes"]]
    text = rng.choice(["a:b", 'x" : y', '":":', "[{", "\ud7ff\u2028", "ID: 900", "\\"])
    nested: Any = [1]
    for _ in range(rng.choice((1, 3, MAX_DEPTH - 4, MAX_DEPTH - 3, MAX_DEPTH))):
        nested = [nested]
    _owner(value, rng)[rng.choice(("type", "node_text", "note", "more"))] = rng.choice((text, text, nested, {"a": {}}))


def is_good(data: bytes) -> bool:
    """The slow and obvious way: the standard library with every looseness refused, then one rule after the other."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    def no_constant(name: str) -> NoReturn:
        raise ValueError(name)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=no_constant)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ValueError:
        return False
    return _depth(value) <= MAX_DEPTH and isinstance(value, dict) and _follows_the_page(value)


def _depth(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(_depth, inside), default=0)


def _follows_the_page(value: dict[str, Any]) -> bool:
    """docs/data_format.md, word by word."""
    nodes, edges = value.get("nodes"), value.get("edges")
    if not isinstance(nodes, list) or not isinstance(edges, list) or not nodes:
        return False
    if not all(isinstance(entry, dict) for entry in nodes + edges):
        return False
    is_id: Callable[[Any], bool] = lambda x: isinstance(x, str) or type(x) is int  # noqa: E731
    ids = [str(node["node_id"]) if is_id(node.get("node_id")) else None for node in nodes]
    return (
        None not in ids
        and len(set(ids)) == len(ids)
        and is_id(value.get("center_node"))
        and str(value["center_node"]) in ids
        and value.get("schema_version", 1) == 1
        and value.get("schema_version") is not True
        and all(isinstance(node.get("node_text"), str) and node["node_text"].strip() for node in nodes)
        and all(_is_place(node.get("coords")) for node in nodes)
        and all(is_id(edge.get(end)) and str(edge[end]) in ids for edge in edges for end in ("source", "target"))
        and all(isinstance(edge.get("type", ""), str) for edge in edges)
    )


def _is_place(coords: Any) -> bool:
    if isinstance(coords, str):
        try:
            coords = [float(part) for part in coords.strip().removeprefix("(").removesuffix(")").split(",")]
        except ValueError:
            return False
    if not isinstance(coords, list) or len(coords) != 2 or any(type(x) not in (int, float) for x in coords):
        return False
    return all(math.isfinite(x) for x in coords) and abs(coords[0]) <= 180 and abs(coords[1]) <= 90
