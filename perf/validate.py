"""Speed and memory of validate-data on rows without a fault, against one pydantic model a line.

Rows are those of stage 2: a picture, a graph, a caption of 300 to 800 characters, a place. All files that they name are
there. Every check of rows is on; pictures and graphs are not opened (``images: none``, ``graphs: none``).
"""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import orjson
from compare import compare
from pydantic import BaseModel

from ugembed.graphs.validate import ValidateConfig, validate_files

MEGABYTE = 10**6
SIZE = 200 * MEGABYTE
IMAGES = 5000
WORDS = [
    "street",
    "corner",
    "bakery",
    "left",
    "of",
    "the",
    "two",
    "lane",
    "avenue",
    "park",
    "bounds",
    "east",
    "north",
    "metres",
    "from",
    "crossing",
    "near",
    "library",
    "station",
    "quiet",
    "houses",
    "trees",
    "brick",
    "facade",
    "shop",
    "opposite",
    "bridge",
    "river",
    "school,",
    "garden.",
]
PEAK = """
import resource, sys
from pathlib import Path
from ugembed.graphs.validate import ValidateConfig, validate_files

report = validate_files(ValidateConfig(paths=(Path(sys.argv[1]),), images="none", graphs="none", workers=1))
print(sum(report.rows.values()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


class Turn(BaseModel):
    role: Literal["user"]
    content: str


class Spot(BaseModel):
    lon: float
    lat: float


class Line(BaseModel):
    """The peer's idea of a row: types, and nothing about files, tags, or other rows."""

    messages: list[Turn]
    positive_messages: list[list[Turn]]
    images: list[str]
    graphs: list[str]
    pair_type: str
    label: float
    place: Spot
    id: str


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make_files(folder)
        path = folder / "rows.jsonl"
        rows = write_rows(path, SIZE)
        contestants: dict[str, Callable[[], int]] = {
            "validate-data, 1 process": lambda: ours(path, 1),
            "validate-data, 2 processes": lambda: ours(path, 2),
            "json.loads + pydantic": lambda: theirs(path, json.loads),
            "orjson + pydantic": lambda: theirs(path, orjson.loads),
        }
        if {name: run() for name, run in contestants.items()} != dict.fromkeys(contestants, rows):
            raise SystemExit("the contestants do not read the same rows")
        result = compare(contestants, repeats=5, warm=False)
        print(f"{rows:,} rows, {SIZE // MEGABYTE} MB:\n")
        print(result.table(amount=path.stat().st_size / MEGABYTE, unit="MB/s"))
        two = result.median("validate-data, 1 process") / result.median("validate-data, 2 processes")
        print(f"\nTwo processes are {two:.2f} × as fast as one.")
        if importlib.util.find_spec("datasets") is None:
            print("Hugging Face `datasets` is not installed and was not measured.")
        print("\n| rows | file | peak memory |\n|---|---|---|")
        for size in (10 * MEGABYTE, 500 * MEGABYTE):
            rows = write_rows(path, size)
            print(f"| {rows:,} | {size // MEGABYTE} MB | {peak(path):.0f} MiB |")


def make_files(folder: Path) -> None:
    for kind, ending in (("images", "jpg"), ("graphs", "json")):
        (folder / kind).mkdir()
        for number in range(IMAGES):
            (folder / kind / f"{402100000000000 + number}.{ending}").write_bytes(b"small")


def write_rows(path: Path, size: int) -> int:
    """Sound rows up to ``size`` bytes; returns their number."""
    chance = random.Random(1)
    text = " ".join(chance.choices(WORDS, k=200_000))
    with path.open("wb") as file:
        number = 0
        while file.tell() < size:
            file.write(json.dumps(row(chance, number, text)).encode() + b"\n")
            number += 1
    return number


def row(chance: random.Random, number: int, text: str) -> dict[str, Any]:
    start, name = chance.randrange(len(text) - 1000), 402100000000000 + number % IMAGES
    caption = text[start : start + chance.randrange(300, 800)].strip()
    query = "<graph><image> Represent this street view using the spatial graph."
    return {
        "messages": [{"role": "user", "content": query}],
        "positive_messages": [[{"role": "user", "content": caption}]],
        "images": [f"images/{name}.jpg"],
        "graphs": [f"graphs/{name}.json"],
        "pair_type": "stage2_image_graph",
        "label": 1,
        "place": {"lon": round(103.8 + name % 977 / 1e4, 6), "lat": round(1.3 + name % 997 / 1e4, 6)},
        "id": f"row-{number}",
    }


def ours(path: Path, workers: int) -> int:
    report = validate_files(ValidateConfig(paths=(path,), images="none", graphs="none", workers=workers))
    if report.errors:
        raise SystemExit(f"rows that should be sound are not: {report.problems[:3]}")
    return report.accepted


def theirs(path: Path, loads: Callable[[bytes], Any]) -> int:
    count = 0
    with path.open("rb") as file:
        for line in file:
            Line.model_validate(loads(line))
            count += 1
    return count


def peak(path: Path) -> float:
    """Peak memory in MiB of a process that checks one file."""
    done = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[1])


if __name__ == "__main__":
    main()
