"""From files to a folder of graphs, and nothing at all when something is wrong."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from pydantic import ValidationError

from tests.graphs.drawn_maps import image_at, write_map, write_points
from ugembed.errors import ConfigError, DataError, GraphError, StoreError, UgembedError
from ugembed.files import iter_lines, read_manifest
from ugembed.graphs.build import BuildGraphsConfig, build_graphs
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint

GOOD = [image_at(-40, -3, "one"), image_at(103, 60, "two"), image_at(5, 100, "three")]
LOST = ImagePoint("lost", Place(7.42, 43.73))


def config(tmp_path: Path, points: list[ImagePoint] = GOOD, **changed: object) -> BuildGraphsConfig:
    given = {
        "osm": write_map(tmp_path / "map.osm"),
        "points": write_points(tmp_path / "points.csv", points),
        "out": tmp_path / "graphs",
    }
    return BuildGraphsConfig.model_validate(given | changed)


def rows(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for _, line in iter_lines(path)]


def refusal(settings: BuildGraphsConfig) -> UgembedError:
    with pytest.raises(UgembedError) as caught:
        build_graphs(settings)
    assert [path.name for path in settings.out.parent.iterdir() if "graphs" in path.name] == []
    return caught.value


def test_every_point_gets_a_graph_file_and_a_line_in_the_index(tmp_path: Path) -> None:
    summary = build_graphs(config(tmp_path))
    index = rows(tmp_path / "graphs" / "index.jsonl")
    assert [row["id"] for row in index] == ["one", "two", "three"]
    for row, point in zip(index, GOOD, strict=True):
        graph = UrbanGraph.read(tmp_path / "graphs" / str(row["file"]))
        assert graph.center == point.id
        assert (graph.center_node.lon, graph.center_node.lat) == (row["lon"], row["lat"])
        assert (len(graph.nodes), len(graph.edges)) == (row["nodes"], row["edges"])
        nearest = next(e for e in graph.edges if e.kind == "nearest" and e.source == point.id)
        assert nearest.attributes["distance"] == row["snap_distance_m"]
    assert [row["snap_distance_m"] for row in index] == pytest.approx([3.0, 3.0, 5.0], abs=0.02)
    assert (summary.points, summary.graphs, summary.streets, summary.crossings) == (3, 3, 7, 2)
    assert summary.places == {"cafe": 1, "fountain": 1, "park": 1, "river": 1}
    read_manifest(tmp_path / "graphs", kind="graphs", verify=True)


def test_a_graph_does_not_depend_on_the_other_points(tmp_path: Path) -> None:
    build_graphs(config(tmp_path))
    build_graphs(config(tmp_path, GOOD[1:2], out=tmp_path / "alone"))
    build_graphs(config(tmp_path, GOOD[::-1], out=tmp_path / "reversed"))
    together = (tmp_path / "graphs" / "two.json").read_bytes()
    assert (tmp_path / "alone" / "two.json").read_bytes() == together
    assert (tmp_path / "reversed" / "two.json").read_bytes() == together


def test_points_off_the_map_are_listed_and_nothing_is_written(tmp_path: Path) -> None:
    error = refusal(config(tmp_path, [*GOOD, LOST]))
    assert error.code == "point-off-map"
    assert "1 of 4 points" in error.message
    assert "lost: lon 7.42, lat 43.73" in error.message


def test_of_many_points_off_the_map_ten_are_shown(tmp_path: Path) -> None:
    error = refusal(config(tmp_path, [ImagePoint(f"p{i}", Place(7.42, 43.73)) for i in range(25)]))
    assert len(error.message.splitlines()) == 12
    assert error.message.endswith("… and 15 more")


def test_skip_bad_leaves_them_out_and_lists_them(tmp_path: Path) -> None:
    summary = build_graphs(config(tmp_path, [LOST, *GOOD], skip_bad=True))
    assert (summary.points, summary.graphs, summary.rejected) == (4, 3, 1)
    assert [row["id"] for row in rows(tmp_path / "graphs" / "index.jsonl")] == ["one", "two", "three"]
    (rejected,) = rows(tmp_path / "graphs" / "rejected.jsonl")
    assert rejected["id"] == "lost"
    assert rejected["code"] == "point-off-map"


def test_skip_bad_does_not_make_an_empty_folder(tmp_path: Path) -> None:
    assert refusal(config(tmp_path, [LOST], skip_bad=True)).code == "point-off-map"


def test_ids_become_safe_file_names(tmp_path: Path) -> None:
    build_graphs(config(tmp_path, [image_at(-40, -3, "a/b é")]))
    (row,) = rows(tmp_path / "graphs" / "index.jsonl")
    assert row["file"] == "a%2Fb%20%C3%A9.json"
    assert UrbanGraph.read(tmp_path / "graphs" / "a%2Fb%20%C3%A9.json").center == "a/b é"


@pytest.mark.parametrize("name", ["..", ".hidden", "manifest", "x" * 300])
def test_ids_that_cannot_name_a_file_are_refused(tmp_path: Path, name: str) -> None:
    assert refusal(config(tmp_path, [*GOOD, image_at(0, 3, name)])).code == "id-unsafe"


def test_streets_from_geojson_take_the_place_of_the_maps_streets(tmp_path: Path) -> None:
    ends = [image_at(-80, 0).place, image_at(80, 0).place]
    line = {"type": "LineString", "coordinates": [[place.lon, place.lat] for place in ends]}
    feature = {"type": "Feature", "geometry": line, "properties": {"u": 1, "v": 2, "name": "Other Street"}}
    streets = tmp_path / "streets.geojson"
    streets.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": [feature]}))
    summary = build_graphs(config(tmp_path, GOOD[:1], streets=streets))
    assert (summary.streets, sum(summary.places.values())) == (1, 4)
    names = {node.attributes["name"] for node in UrbanGraph.read(tmp_path / "graphs" / "one.json").nodes}
    assert "Other Street" in names
    assert "Oak Street" not in names


def test_a_map_without_streets_is_refused(tmp_path: Path) -> None:
    settings = config(tmp_path, osm=write_map(tmp_path / "bare.osm", ways={}))
    error = refusal(settings)
    assert isinstance(error, GraphError)
    assert error.code == "no-streets"


def test_no_map_at_all_is_refused(tmp_path: Path) -> None:
    error = refusal(config(tmp_path, osm=None))
    assert isinstance(error, ConfigError)
    assert error.code == "no-map"


def test_empty_points_are_refused(tmp_path: Path) -> None:
    error = refusal(config(tmp_path, []))
    assert isinstance(error, DataError)
    assert error.code == "points-empty"


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    settings = config(tmp_path)
    build_graphs(settings)
    before = {path.name: path.read_bytes() for path in settings.out.iterdir()}
    with pytest.raises(StoreError) as caught:
        build_graphs(settings)
    assert caught.value.code == "output-exists"
    assert {path.name: path.read_bytes() for path in settings.out.iterdir()} == before


def test_a_snap_limit_beyond_the_radius_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"larger than recipe\.radius_m 50"):
        config(tmp_path, recipe={"radius_m": 50})


def test_progress_counts_up_to_the_number_of_points(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    build_graphs(config(tmp_path), lambda done, total, note="": told.append((done, total)))
    assert told[-2:] == [(0, 3), (3, 3)]
