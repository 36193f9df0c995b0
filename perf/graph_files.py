"""How graphs are best kept (a file each, zip shards, Parquet), and what checking a graph file costs.

5 000 graphs of 30 to 300 nodes, 1 000 to a shard; for the checks, files of 60 nodes. Prints two tables.
"""

from __future__ import annotations

import json
import random
import tempfile
import uuid
from collections.abc import Callable, Mapping
from copy import copy
from functools import cache, partial
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from compare import compare

from ugembed.archives import read_bytes, write_archive
from ugembed.graphs.check import check_graph_file
from ugembed.graphs.schema import UrbanGraph

GRAPHS = 5_000
PER_SHARD = 1_000
READS = 200
TYPICAL_NODES = 60
TYPICAL_FILES = 2_000
STREETS = ("Oak", "Elm", "Maple", "Harbour", "Station", "Mill", "Church", "Garden", "Long", "King")
KINDS = ("restaurant", "cafe", "library", "bus stop", "school", "pharmacy", "bank", "hotel", "crossing", "street")


def graph(seed: int, nodes: int) -> bytes:
    """A graph file as build-graphs writes it: named things within 700 m, two and a half edges a node."""
    rng = random.Random(seed)
    lon, lat = rng.uniform(7.40, 7.44), rng.uniform(43.72, 43.75)
    ids = [str(400_000_000_000 + seed), *(f"way/{rng.randrange(10**8, 10**9)}" for _ in range(nodes - 1))]
    value = {
        "radius_m": 700.0,
        "schema_version": 1,
        "center_node": ids[0],
        "nodes": [_node(rng, id, lon, lat) for id in ids],
        "edges": [_edge(rng, a, ids) for a in ids for _ in range(rng.choice((2, 3)))],
    }
    return orjson.dumps(value) + b"\n"


def _node(rng: random.Random, id: str, lon: float, lat: float) -> dict[str, object]:
    kind, street = rng.choice(KINDS), f"{rng.choice(STREETS)} Street"
    name = f"{rng.choice(STREETS)} {kind} {rng.randrange(100)}"
    return {
        "kind": "poi",
        "name": name,
        "category": kind,
        "node_id": id,
        "coords": [round(lon + rng.uniform(-0.008, 0.008), 7), round(lat + rng.uniform(-0.006, 0.006), 7)],
        "node_text": f"Name: {name}, Category: {kind}, Address: {street} {rng.randrange(200)}, District: Old Town",
    }


def _edge(rng: random.Random, source: str, ids: list[str]) -> dict[str, object]:
    metres, degrees = round(rng.uniform(0, 700), 3), round(rng.uniform(0, 360), 2)
    return {"distance": metres, "bearing": degrees, "source": source, "target": rng.choice(ids), "type": "near"}


class Layout:
    """A way to keep graphs: how a folder of them is written, and how one is read."""

    def __init__(self, folder: Path, files: Mapping[str, bytes]) -> None:
        self.folder = folder
        self.files = files

    def part(self, name: str) -> int:
        return int(name[1:6]) // PER_SHARD

    def write(self, names: list[str]) -> None:
        """Into a folder that does not exist."""
        self.folder.mkdir()
        self.fill(names)

    def fill(self, names: list[str]) -> None:
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        return read_bytes(self.folder / f"part-{self.part(name):04d}.zip" / name)

    def megabytes(self) -> float:
        """What the disk gives, in whole blocks."""
        return sum(path.stat().st_blocks * 512 for path in self.folder.iterdir()) / 1e6


class Folder(Layout):
    def fill(self, names: list[str]) -> None:
        for name in names:
            (self.folder / name).write_bytes(self.files[name])

    def read(self, name: str) -> bytes:
        return read_bytes(self.folder / name)


class Deflated(Layout):
    """What build-graphs --shard writes."""

    def fill(self, names: list[str]) -> None:
        for start in range(0, len(names), PER_SHARD):
            members = [(name, self.files[name]) for name in names[start : start + PER_SHARD]]
            write_archive(self.folder / f"part-{start // PER_SHARD:04d}.zip", members)


class Stored(Layout):
    def fill(self, names: list[str]) -> None:
        for start in range(0, len(names), PER_SHARD):
            with ZipFile(self.folder / f"part-{start // PER_SHARD:04d}.zip", "w", ZIP_STORED) as shard:
                for name in names[start : start + PER_SHARD]:
                    shard.writestr(name, self.files[name])


class Parquet(Layout):
    """A row a graph, its JSON as bytes; files stay open."""

    def __init__(self, folder: Path, files: Mapping[str, bytes], rows_of_a_group: int) -> None:
        super().__init__(folder, files)
        self.rows = rows_of_a_group
        self.opened: Callable[[int], pq.ParquetFile] = cache(
            lambda part: pq.ParquetFile(self.folder / f"{part}.parquet")
        )

    def fill(self, names: list[str]) -> None:
        for start in range(0, len(names), PER_SHARD):
            part = names[start : start + PER_SHARD]
            table = pa.table({"name": part, "json": [self.files[name] for name in part]})
            path = self.folder / f"{start // PER_SHARD}.parquet"
            pq.write_table(table, path, row_group_size=self.rows, compression="zstd", use_dictionary=["name"])

    def read(self, name: str) -> bytes:
        group, row = divmod(int(name[1:6]) % PER_SHARD, self.rows)
        column = self.opened(self.part(name)).read_row_group(group, columns=["json"], use_threads=False)["json"]
        return column[row].as_py()  # type: ignore[no-any-return]


def layouts_table(folder: Path) -> str:
    """Size, writing, one graph at random and all in order, for every layout."""
    rng = random.Random(0)
    files = {f"v{k:05d}.json": graph(k, rng.randint(30, 300)) for k in range(GRAPHS)}
    layouts: dict[str, Layout] = {
        "zip, deflated": Deflated(folder / "deflated", files),
        "zip, stored": Stored(folder / "stored", files),
        "a file each": Folder(folder / "files", files),
        "Parquet (zstd), 100 rows a group": Parquet(folder / "parquet100", files, 100),
        "Parquet (zstd), 10 rows a group": Parquet(folder / "parquet10", files, 10),
    }
    chosen = rng.sample(list(files), READS)
    writing = compare({name: partial(_write_once, layout) for name, layout in layouts.items()})
    for layout in layouts.values():
        layout.write(list(files))
        assert all(layout.read(name) == files[name] for name in chosen)
    reading = compare({name: partial(_read_all, layout, chosen) for name, layout in layouts.items()})
    lines = ["| layout | MB on disk | writing 1 000, s | one at random, µs |", "|---|---|---|---|"]
    for name, layout in layouts.items():
        one = reading.median(name) / READS * 1e6
        lines.append(f"| {name} | {layout.megabytes():.0f} | {writing.median(name):.2f} | {one:,.0f} |")
    total = sum(map(len, files.values())) / 1e6
    return f"{GRAPHS} graphs, {total:.0f} MB of JSON:\n\n" + "\n".join(lines)


def _write_once(layout: Layout) -> None:
    """The first shard's graphs, somewhere else each time: to remove the last ones would count too."""
    again = copy(layout)
    again.folder = layout.folder.with_name(f"{layout.folder.name}-{uuid.uuid4().hex}")
    again.write(list(layout.files)[:PER_SHARD])


def _read_all(layout: Layout, names: list[str]) -> None:
    for name in names:
        layout.read(name)


def checks_table(folder: Path) -> str:
    """Checking files of 60 nodes, one core, against decoding alone."""
    files = {f"v{k:05d}.json": graph(k, TYPICAL_NODES) for k in range(TYPICAL_FILES)}
    plain, shards = Folder(folder / "plain", files), Deflated(folder / "shards", files)
    for layout in (plain, shards):
        layout.write(list(files))
    paths = [plain.folder / name for name in files]
    members = [shards.folder / f"part-{shards.part(name):04d}.zip" / name for name in files]

    def count_with(loads: Callable[[bytes], dict[str, list[object]]]) -> Callable[[], list[tuple[int, int]]]:
        return lambda: [(len(g["nodes"]), len(g["edges"])) for g in map(loads, map(Path.read_bytes, paths))]

    def check(depth: str, at: list[Path]) -> Callable[[], list[tuple[int, int]]]:
        def run() -> list[tuple[int, int]]:
            facts = [check_graph_file(path, depth, max_nodes=1000).facts for path in at]  # type: ignore[arg-type]
            return [(known.nodes, known.edges) for known in facts if known]

        return run

    contestants = {
        "check, header": check("header", paths),
        "check, header, in shards": check("header", members),
        "check, full": check("full", paths),
        "orjson.loads and count": count_with(orjson.loads),
        "json.loads and count": count_with(json.loads),
        "UrbanGraph.read": lambda: [(len(g.nodes), len(g.edges)) for g in map(UrbanGraph.read, paths)],
    }
    assert len({tuple(run()) for run in contestants.values()}) == 1
    timed = compare(contestants)
    lines = ["| one core | µs a file | files a minute | header is faster by |", "|---|---|---|---|"]
    for name in contestants:
        seconds = timed.median(name) / TYPICAL_FILES
        ratio = "–" if name == "check, header" else f"{timed.ratio(name):.1f} ×"
        lines.append(f"| {name} | {seconds * 1e6:.0f} | {60 / seconds:,.0f} | {ratio} |")
    size = sum(map(len, files.values())) / TYPICAL_FILES / 1e3
    return f"{TYPICAL_FILES} files of {TYPICAL_NODES} nodes, {size:.0f} kB each:\n\n" + "\n".join(lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        checks = checks_table(Path(folder))
        print(layouts_table(Path(folder)), checks, sep="\n\n")


if __name__ == "__main__":
    main()
