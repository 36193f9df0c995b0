"""Graphs that were built into shards are the same graphs, and rows name them like any file."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from pydantic import ValidationError

from tests.graphs.drawn_maps import image_at, write_map, write_points
from ugembed.archives import member_names
from ugembed.files import iter_lines, read_manifest
from ugembed.graphs.build import BuildGraphsConfig, build_graphs
from ugembed.graphs.check import check_graph_file
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.points import ImagePoint
from ugembed.records.uge_jsonl import read_pairs

POINTS = [image_at(-40 + 10 * k, -3, f"img/{k}") for k in range(5)]


def build(folder: Path, shard: int | None, points: list[ImagePoint] = POINTS) -> list[dict[str, object]]:
    """Builds into ``folder / "graphs"``; returns the index."""
    config = BuildGraphsConfig(
        osm=write_map(folder / "map.osm"),
        points=write_points(folder / "points.csv", points),
        out=folder / "graphs",
        shard=shard,
    )
    build_graphs(config)
    return [orjson.loads(line) for _, line in iter_lines(folder / "graphs" / "index.jsonl")]


def test_a_sharded_folder_holds_the_graphs_of_a_plain_one(tmp_path: Path) -> None:
    for name in ("plain", "sharded"):
        (tmp_path / name).mkdir()
    plain, sharded = build(tmp_path / "plain", None), build(tmp_path / "sharded", 2)
    assert [row["file"] for row in plain] == [f"img%2F{k}.json" for k in range(5)]
    shards = [str(row["file"]).partition("/") for row in sharded]
    assert [name for _, _, name in shards] == [f"img%2F{k}.json" for k in range(5)]
    assert sorted(shard for shard, _, _ in shards) == [f"part-000{k // 2}.zip" for k in range(5)]
    assert [{**row, "file": ""} for row in sharded] == [{**row, "file": ""} for row in plain]
    for one, other in zip(plain, sharded, strict=True):
        path = tmp_path / "sharded" / "graphs" / str(other["file"])
        assert UrbanGraph.read(path) == UrbanGraph.read(tmp_path / "plain" / "graphs" / str(one["file"]))
        facts = check_graph_file(path, "full", max_nodes=1000).facts
        assert facts is not None
        assert (facts.nodes, facts.edges, facts.lon, facts.lat) == tuple(
            other[key] for key in ("nodes", "edges", "lon", "lat")
        )
    assert len(member_names(tmp_path / "sharded" / "graphs" / "part-0002.zip")) == 1
    files = {path.name for path in (tmp_path / "sharded" / "graphs").iterdir()}
    assert files == {"part-0000.zip", "part-0001.zip", "part-0002.zip", "index.jsonl", "manifest.json", "map.png"}
    assert read_manifest(tmp_path / "sharded" / "graphs", kind="graphs", verify=True)["config"]["shard"] == 2


def test_the_same_input_gives_the_same_shards(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        build(tmp_path / name, 3)
    for shard in ("part-0000.zip", "part-0001.zip"):
        one, two = ((tmp_path / name / "graphs" / shard).read_bytes() for name in ("one", "two"))
        assert one == two


def test_training_rows_name_graphs_in_shards(tmp_path: Path) -> None:
    index = build(tmp_path, 2)
    rows = [
        {
            "messages": [{"role": "user", "content": "<graph>Where is this?"}],
            "positive_messages": [[{"role": "user", "content": f"Oak Street {k}"}]],
            "graphs": [f"graphs/{entry['file']}"],
        }
        for k, entry in enumerate(index)
    ]
    (tmp_path / "train.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    read = [UrbanGraph.read(Path(str(pair.query.graphs[0]))) for pair in read_pairs(tmp_path / "train.jsonl")]
    assert [value.center for value in read] == [point.id for point in POINTS]


@pytest.mark.parametrize("shard", [0, -1, 10_001])
def test_shards_hold_one_to_ten_thousand_graphs(tmp_path: Path, shard: int) -> None:
    with pytest.raises(ValidationError, match="shard"):
        build(tmp_path, shard)
