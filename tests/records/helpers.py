"""Small rows and files that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from PIL import Image

TEXT = [{"role": "user", "content": "a bakery on the left"}]


def user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


def stage1(**changes: Any) -> dict[str, Any]:
    """A sound stage-1 row over a.jpg; a change to None takes the field out."""
    row = {
        "messages": user("<image>Where?"),
        "positive_messages": [TEXT],
        "images": ["a.jpg"],
        "graphs": [],
        "pair_type": "stage1_image_only",
        "label": 1,
    }
    return changed(row, changes)


def stage2(**changes: Any) -> dict[str, Any]:
    """A sound stage-2 row over a.jpg and a.json."""
    row = stage1(messages=user("<graph><image>Where?"), graphs=["a.json"], pair_type="stage2_image_graph")
    return changed(row, changes)


def case(**changes: Any) -> dict[str, Any]:
    """A sound benchmark row with text candidates."""
    row = {
        "messages": user("<image>Where?"),
        "images": "a.jpg",
        "candidates": ["Oak St", "Pine Rd"],
        "ground_truth": "Pine Rd",
        "query_type": "geolocation",
    }
    return changed(row, changes)


def retrieval(**changes: Any) -> dict[str, Any]:
    """A sound benchmark row with picture candidates."""
    row = {"messages": user("Find it."), "candidates": ["a.jpg", "b.jpg"], "ground_truth": "b.jpg"}
    return changed(row, changes)


def changed(row: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**row, **changes}.items() if value is not None}


def write_rows(folder: Path, *rows: Any, name: str = "rows.jsonl") -> Path:
    """A JSON lines file; rows given as bytes are written as they are."""
    path = folder / name
    path.write_bytes(b"".join((row if isinstance(row, bytes) else orjson.dumps(row)) + b"\n" for row in rows))
    return path


def write_files(folder: Path) -> Path:
    """a.jpg, b.jpg and two graphs, a.json and b.json, in ``folder``."""
    for number, name in enumerate(("a", "b")):
        Image.new("RGB", (8, 6), (50 * number, 90, 120)).save(folder / f"{name}.jpg")
        node = {"node_id": name, "coords": [103.85, 1.3 + number / 100], "node_text": "Name: mapillary image"}
        street = {"node_id": "1", "coords": [103.851, 1.3 + number / 100], "node_text": "Name: Oak St"}
        graph = {"nodes": [node, street], "edges": [{"source": name, "target": "1"}], "center_node": name}
        (folder / f"{name}.json").write_bytes(orjson.dumps(graph))
    return folder
