"""Street edges as published by osmnx and by street-view data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from ugembed.errors import GraphError
from ugembed.graphs.maps.streets_geojson import read_streets_geojson

LINE = [[9.0, 48.0], [9.001, 48.0], [9.002, 48.001]]


def edge(coordinates: Any = LINE, kind: str = "LineString", **properties: Any) -> dict[str, Any]:
    return {"geometry": {"type": kind, "coordinates": coordinates}, "properties": {"u": 1, "v": 2, **properties}}


def written(tmp_path: Path, *features: Any) -> Path:
    path = tmp_path / "streets.geojson"
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_an_edge_is_a_link_between_its_nodes(tmp_path: Path) -> None:
    (link,) = read_streets_geojson(written(tmp_path, edge(name="Oak", highway="residential"))).links
    assert (link.start, link.end, link.name, link.highway) == ("1", "2", "Oak", "residential")
    assert link.points.tolist() == LINE


def test_the_twin_drawn_the_other_way_counts_once(tmp_path: Path) -> None:
    forth, back = edge(), edge(LINE[::-1], u=2, v=1)
    assert len(read_streets_geojson(written(tmp_path, forth, back)).links) == 1
    assert read_streets_geojson(written(tmp_path, forth)).links[0].points.tolist() == LINE
    assert read_streets_geojson(written(tmp_path, back)).links[0].points.tolist() == LINE


@pytest.mark.parametrize("name", [["Oak", "Elm"], "['Oak', 'Elm']", "Oak"])
def test_of_several_names_the_first_counts(tmp_path: Path, name: Any) -> None:
    assert read_streets_geojson(written(tmp_path, edge(name=name))).links[0].name == "Oak"


@pytest.mark.parametrize("name", [None, "", []])
def test_a_missing_name_is_empty(tmp_path: Path, name: Any) -> None:
    assert read_streets_geojson(written(tmp_path, edge(name=name))).links[0].name == ""


@pytest.mark.parametrize(
    ("feature", "code"),
    [
        ({"geometry": {"type": "LineString", "coordinates": LINE}, "properties": {}}, "streets-broken"),
        (edge([9.0, 48.0], "Point"), "streets-broken"),
        (edge(LINE[:1]), "streets-broken"),
        (edge([[9.0, "x"], [9.0, 48.0]]), "streets-broken"),
        (edge([[512606.1, 5401777.6], [512640.0, 5401842.1]]), "streets-projected"),
        ("feature", "streets-broken"),
    ],
)
def test_what_is_no_street_edge_is_refused_with_its_place(tmp_path: Path, feature: Any, code: str) -> None:
    with pytest.raises(GraphError, match=r"features\[1\]") as caught:
        read_streets_geojson(written(tmp_path, edge(), feature))
    assert caught.value.code == code


def test_files_that_are_not_geojson_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "streets.geojson"
    for data, code in ((b"{", "streets-broken"), (b"[]", "streets-broken"), (b'{"features": 1}', "streets-broken")):
        path.write_bytes(data)
        with pytest.raises(GraphError) as caught:
            read_streets_geojson(path)
        assert caught.value.code == code
    with pytest.raises(GraphError) as caught:
        read_streets_geojson(tmp_path / "none.geojson")
    assert caught.value.code == "streets-missing"
