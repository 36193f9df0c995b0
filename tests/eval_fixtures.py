"""An encoder that compares words, and a small benchmark in which the picture says half of the answer, the graph all."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from PIL import Image

from ugembed.graphs.schema import Edge, Node, UrbanGraph
from ugembed.progress import OnProgress, silent
from ugembed.records.item import Item

COLOURS = ("red", "green", "blue", "grey")
LON, LAT = 7.42, 43.73


class WordEncoder:
    """A vector for every word; a picture says its colour (the start of its file name), a graph its nodes' names."""

    dimension = 128
    fingerprint = "words-1"
    prompts: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.encoded: list[Item] = []

    def encode_items(
        self,
        items: Sequence[Item],
        *,
        batch_size: int = 16,
        batch_tokens: int | None = None,
        on_progress: OnProgress = silent,
    ) -> NDArray[np.float32]:
        self.encoded.extend(items)
        on_progress(len(items), len(items))
        return np.stack([self._vector(item) for item in items])

    def _vector(self, item: Item) -> NDArray[np.float32]:
        total = sum((word_vector(word, self.dimension) for word in words_of(item)), np.zeros(self.dimension))
        return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


class OneVectorEncoder(WordEncoder):
    """A collapsed model: everything is the same, up to the rounding of the last bits."""

    def _vector(self, item: Item) -> NDArray[np.float32]:
        vector = np.ones(self.dimension) + 1e-7 * np.random.default_rng(zlib.crc32(item.text.encode())).normal(
            size=self.dimension
        )
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def words_of(item: Item) -> list[str]:
    """What `WordEncoder` reads."""
    texts = [item.text.replace("<image>", " ").replace("<graph>", " ")]
    texts += [path.stem.rpartition("_")[0] for path in item.images]
    texts += [str(node.attributes.get("name", "")) for path in item.graphs for node in UrbanGraph.read(path).nodes]
    return re.findall(r"[a-z]+|[0-9]+", " ".join(texts).lower())


def word_vector(word: str, dimension: int) -> NDArray[np.float64]:
    """A random direction that depends on the word alone."""
    return np.random.default_rng(zlib.crc32(word.encode())).normal(size=dimension)


def street_graph(number: int) -> UrbanGraph:
    """A camera on street ``number`` with a shop of that number beside it."""
    nodes = (
        Node("0", LON, LAT, "Name: view, Category: image", {"kind": "image", "name": "", "heading_deg": 90.0}),
        Node("1", LON + 0.0004, LAT, f"Name: Street {number}", {"kind": "street", "name": f"Street {number}"}),
        Node("2", LON, LAT + 0.0005, f"Name: Shop {number}", {"kind": "place", "name": f"Shop {number}"}),
        Node("3", LON - 0.001, LAT - 0.0004, "Name: Park <b>&", {"kind": "park", "name": "Park <b>&"}),
    )
    return UrbanGraph(nodes, (Edge("0", "1", "nearest"), Edge("0", "2", "near"), Edge("1", "3", "along_street")), "0")


def write_benchmark(folder: Path, *, cases: int = 8) -> Path:
    """Two families in the reference's layout: texts by picture and graph, and pictures by graph and text."""
    for number in range(cases):
        picture = folder / "benchmark_images" / f"{COLOURS[number % 4]}_{number}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), COLOURS[number % 4]).save(picture)
        graph = folder / "benchmark_graphs" / f"{number}.json"
        graph.parent.mkdir(parents=True, exist_ok=True)
        graph.write_bytes(street_graph(number).to_bytes())
    write_lines(folder / "geolocation" / "with_graph.jsonl", [geolocation_row(n, cases) for n in range(cases)])
    write_lines(folder / "retrieval" / "with_graph.jsonl", [retrieval_row(n, cases) for n in range(cases)])
    return folder


def geolocation_row(number: int, cases: int) -> dict[str, Any]:
    answers = [f"Street {n} beside Shop {n}, {COLOURS[n % 4]}" for n in range(cases)]
    return {
        "messages": [{"role": "user", "content": "<graph><image>Where was this taken?"}],
        "images": [f"benchmark_images/{COLOURS[number % 4]}_{number}.png"],
        "graphs": [f"benchmark_graphs/{number}.json"],
        "candidates": answers,
        "ground_truth": answers[number],
        "query_type": "geolocation",
        "image_coords": [LON, LAT],
    }


def retrieval_row(number: int, cases: int) -> dict[str, Any]:
    pictures = [f"benchmark_images/{COLOURS[n % 4]}_{n}.png" for n in range(cases)]
    return {
        "messages": [{"role": "user", "content": f"<graph>Find the {COLOURS[number % 4]} picture near this."}],
        "graphs": [f"benchmark_graphs/{number}.json"],
        "candidates": pictures,
        "candidate_graphs": [f"benchmark_graphs/{n}.json" for n in range(cases)],
        "ground_truth": pictures[number],
        "query_type": "path_reach",
    }


def write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path
