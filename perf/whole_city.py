"""``build-graphs`` from files to files: finished graphs a second on one core, and a whole city of 10⁵ street nodes.

Finished means on disk, with texts, edges and index. The peer is what osmnx users write by hand: a subgraph by
`networkx.ego_graph` around every image, its nodes and edges as JSON, without places and texts. Memory is the largest of
any moment, of all processes together; pages that they share count once. Seconds of processor are told beside those of
the clock, for a machine that others use too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import networkx as nx
import numpy as np
import orjson
from compare import compare
from street_grid import write_images, write_osm
from street_plan import street_grid

from ugembed.files import durable_files
from ugembed.graphs.build import BuildGraphsConfig, build_graphs
from ugembed.graphs.city.network import StreetNetwork
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.recipe import GraphRecipe

ROOT = Path(__file__).resolve().parent.parent
MONACO = Path(os.environ.get("UGEMBED_SHARED_DATA", ROOT.parent / "shared" / "data")) / "osm/monaco/monaco.osm.pbf"
IMAGES = 1000
RADIUS_M = 180.0  # about 300 nodes in Monaco
NODES, CITY_IMAGES = 105_000, 10_000  # the reader joins some: 10⁵ are left
COMMAND = [sys.executable, "-m", "ugembed"]


class Monaco:
    """A thousand places on Monaco's streets, and where graphs of them go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = 0
        links = [link for link in read_osm(MONACO).links if not link.is_tunnel]
        chosen = np.random.default_rng(0).choice(len(links), IMAGES)
        self.at = [links[i].points[:2].mean(axis=0) for i in chosen]
        self.points = folder / "points.csv"
        rows = "".join(f"img{i},{lon!r},{lat!r}\n" for i, (lon, lat) in enumerate(map(np.ndarray.tolist, self.at)))
        self.points.write_text("id,lon,lat\n" + rows, encoding="utf-8")

    def out(self) -> Path:
        self.runs += 1
        return self.folder / f"graphs-{self.runs}"

    def ours(self, shard: int | None, images: int = IMAGES) -> Path:
        out = self.out()
        points = self.folder / f"points-{images}.csv"
        points.write_text("".join(self.points.open(encoding="utf-8").readlines()[: images + 1]), encoding="utf-8")
        recipe = GraphRecipe(radius_m=RADIUS_M)
        settings = BuildGraphsConfig(osm=MONACO, points=points, out=out, recipe=recipe, shard=shard, workers=1)
        build_graphs(settings)
        return out

    def write(self, content: Mapping[str, bytes]) -> None:
        out = self.out()
        out.mkdir()
        with durable_files(out) as files:
            for name, data in content.items():
                files.write(name, data)
            files.digests()

    def theirs(self) -> None:
        out = self.out()
        out.mkdir()
        network = StreetNetwork(read_osm(MONACO).links)
        graph = nx.MultiGraph()
        for (a, b), metres, link in zip(network.ends.tolist(), network.length_m, network.lines.offsets, strict=False):
            graph.add_node(a, x=float(network.lines.lon[link]), y=float(network.lines.lat[link]))
            graph.add_edge(a, b, length=float(metres))
        places = nx.get_node_attributes(graph, "x"), nx.get_node_attributes(graph, "y")
        nodes = np.array(list(places[0]))
        x, y = (np.array([values[node] for node in nodes.tolist()]) for values in places)
        for i, (lon, lat) in enumerate(self.at):
            start = int(nodes[np.argmin((x - lon) ** 2 + (y - lat) ** 2)])
            around = nx.ego_graph(graph, start, radius=RADIUS_M, distance="length")
            (out / f"img{i}.json").write_bytes(orjson.dumps(nx.node_link_data(around, edges="edges")))


class Clocked:
    """A contestant that also counts seconds of the processor, of all threads."""

    def __init__(self, run: Callable[[], object]) -> None:
        self._run = run
        self._seconds: list[float] = []

    def __call__(self) -> None:
        start = time.process_time()
        self._run()
        self._seconds.append(time.process_time() - start)

    @property
    def median(self) -> float:
        return float(np.median(self._seconds[1:]))  # the first run only warms up


def small_graphs(folder: Path) -> str:
    """Seconds of whole runs on one core, and graphs a second of what a run does beside reading the map."""
    monaco = Monaco(folder)
    first = monaco.ours(None)
    rows = [orjson.loads(line) for line in (first / "index.jsonl").read_bytes().splitlines()]
    content = {row["file"]: (first / row["file"]).read_bytes() for row in rows}
    files, shards, only_ten, only_written = (
        "build-graphs, a file each",
        "build-graphs, shards of 1000",
        "build-graphs, 10 images",
        "the same files, only written, hashed and synced",
    )
    contestants = {
        files: Clocked(lambda: monaco.ours(None)),
        shards: Clocked(lambda: monaco.ours(1000)),
        only_ten: Clocked(lambda: monaco.ours(None, 10)),
        only_written: Clocked(lambda: monaco.write(content)),
        "networkx.ego_graph, streets only": Clocked(monaco.theirs),
    }
    with one_core():
        result = compare(contestants, repeats=5)
    lines = [
        f"{IMAGES} images of Monaco, {RADIUS_M:.0f} m, {np.median([row['nodes'] for row in rows]):.0f} nodes, "
        f"{np.median([row['edges'] for row in rows]):.0f} edges and "
        f"{np.median([len(data) for data in content.values()]) / 1000:.0f} kB in the median, on one core:\n",
        "| run | s | s of processor | graphs/s beside what ten images take | µs of processor a graph |",
        "|---|---|---|---|---|",
    ]
    start = {files: only_ten, shards: only_ten}
    for name, clocked in contestants.items():
        seconds, own = result.median(name), clocked.median
        rate = ""
        if name in (files, shards, only_written):
            graphs, before = (IMAGES - 10, start[name]) if name in start else (IMAGES, None)
            net = seconds - (result.median(before) if before else 0.0)
            net_own = own - (contestants[before].median if before else 0.0)
            rate = f"{graphs / net:,.0f} | {net_own / graphs * 1e6:,.0f}"
        lines.append(f"| {name} | {seconds:.2f} | {own:.2f} | {rate or ' | '} |")
    return "\n".join(lines)


@contextmanager
def one_core() -> Iterator[None]:
    """This process on one core, where the system lets it choose."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def whole_city(folder: Path) -> str:
    """Seconds and memory of one command, from the map to graphs on disk."""
    grid = street_grid(NODES)
    write_osm(folder / "city.osm.pbf", grid)
    write_images(folder / "images.csv", grid, CITY_IMAGES)
    nodes = StreetNetwork(read_osm(folder / "city.osm.pbf").links).ends.max() + 1
    lines = [
        f"\nA city of {nodes:,} street nodes, {CITY_IMAGES:,} images:\n",
        "| recipe | processes | nodes a graph | s | MiB |",
        "|---|---|---|---|---|",
    ]
    for recipe, flags in (
        ("segments, 700 m", []),
        ("walk, 500 m", ["--recipe", str(ROOT / "configs/graphs/walk.yaml")]),
    ):
        for workers in (1, 2):
            out = folder / f"out-{len(lines)}"
            given = ["--osm", str(folder / "city.osm.pbf"), "--points", str(folder / "images.csv"), "--out", str(out)]
            told, seconds, memory = watched(
                [*COMMAND, "build-graphs", *given, *flags, "--workers", str(workers), "--json"]
            )
            lines.append(f"| {recipe} | {workers} | {told['nodes_median']:.0f} | {seconds:.0f} | {memory:,.0f} |")
    return "\n".join(lines)


def watched(command: list[str]) -> tuple[dict[str, float], float, float]:
    """What a command prints as JSON, its seconds, and the most MiB that it and its children held together."""
    start, peak = time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        done = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.1):
                peak = max(peak, family_mib(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert process.stdout is not None
        told = process.stdout.read()
        code = process.wait()
        seconds = time.perf_counter() - start
        done.set()
        watcher.join()
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return orjson.loads(told), seconds, peak


def family_mib(pid: int) -> float:
    """Proportional set size of a process and all below it; shared pages count once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # it has ended
        return 0.0
    own = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
    return own + sum(family_mib(int(child)) for child in children)


def main() -> None:
    if not MONACO.is_file():
        raise SystemExit(f"{MONACO} is not there: set UGEMBED_SHARED_DATA to the folder that holds osm/monaco")
    with tempfile.TemporaryDirectory() as scratch:
        print(small_graphs(Path(scratch)))
    with tempfile.TemporaryDirectory() as scratch:
        print(whole_city(Path(scratch)))


if __name__ == "__main__":
    main()
