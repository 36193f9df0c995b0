"""Speed and memory of validate-data on rows without a fault, against one pydantic model a line.

Rows are those of stage 2: a picture, a graph, a caption of 300 to 800 characters, a place. All files that they name are
there. Every check of rows is on; pictures and graphs are not opened (``images: none``, ``graphs: none``). The compiled
functions are made before; then other forms of rows are measured, and memory.
"""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import orjson
from compare import compare
from pydantic import BaseModel

from ugembed.graphs.validate import ValidateConfig, validate_files
from ugembed.records.checking import scan
from ugembed.records.uge.compiled import load

MEGABYTE = 10**6
SIZE = 200 * MEGABYTE
SIZE_OF_FORMS = 200 * MEGABYTE
SIZES_OF_PEAKS = (10 * MEGABYTE, 500 * MEGABYTE, 2000 * MEGABYTE)
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
Row: TypeAlias = dict[str, Any]
PEAK = """
import re, sys
from pathlib import Path
from ugembed.graphs.validate import ValidateConfig, validate_files

report = validate_files(ValidateConfig(paths=(Path(sys.argv[1]),), images="none", graphs="none", workers=1))
print(sum(report.rows.values()), re.search(r"VmHWM:\\s*([0-9]+)", Path("/proc/self/status").read_text())[1])
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


class Case(BaseModel):
    """The same of a benchmark row."""

    messages: list[Turn]
    candidates: list[str]
    candidate_images: list[str] | None = None
    candidate_graphs: list[str] | None = None
    ground_truth: str
    ground_truth_idx: int
    query_type: str
    images: list[str]
    graphs: list[str]
    place: Spot
    id: str


class Thing(BaseModel):
    """The same of a row to embed."""

    text: str
    images: list[str]
    graphs: list[str]
    place: Spot
    id: str


def main() -> None:
    load.build()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make_files(folder)
        path = folder / "rows.jsonl"
        compare_peers(path)
        compare_forms(path)
        print("\n| rows | file | peak memory |\n|---|---|---|")
        for size in SIZES_OF_PEAKS:
            rows = write_rows(path, size)
            print(f"| {rows:,} | {size // MEGABYTE:,} MB | {peak(path):.0f} MiB |")


def compare_peers(path: Path) -> None:
    rows = write_rows(path, SIZE)
    contestants: dict[str, Callable[[], int]] = {
        "validate-data, 1 worker": lambda: ours(path, 1),
        "validate-data, 2 workers": lambda: ours(path, 2),
        "validate-data, 1 worker, nothing compiled": lambda: uncompiled(path),
        "json.loads + pydantic": lambda: theirs(path, json.loads),
        "orjson + pydantic": lambda: theirs(path, orjson.loads),
    }
    has_datasets = importlib.util.find_spec("datasets") is not None
    if has_datasets:
        contestants["datasets, JSON to Arrow"] = lambda: datasets_rows(path)
    if {name: run() for name, run in contestants.items()} != dict.fromkeys(contestants, rows):
        raise SystemExit("the contestants do not read the same rows")
    result = compare(contestants, repeats=5, warm=False)
    print(f"{rows:,} rows, {SIZE // MEGABYTE} MB:\n")
    print(result.table(amount=path.stat().st_size / MEGABYTE, unit="MB/s"))
    two = result.median("validate-data, 1 worker") / result.median("validate-data, 2 workers")
    print(f"\nTwo workers are {two:.2f} × as fast as one.")
    if not has_datasets:
        print("Hugging Face `datasets` is not installed and was not measured.")


def compare_forms(path: Path) -> None:
    """Every form against the peer that is the obvious one."""
    print(f"\nOther forms, one worker, {SIZE_OF_FORMS // MEGABYTE} MB each, against json.loads + pydantic:\n")
    print("| rows | bytes each | MB/s | faster by |\n|---|---|---|---|")
    for name, (change, ascii_only) in FORMS.items():
        rows = write_rows(path, SIZE_OF_FORMS, change=change, ascii_only=ascii_only)
        model = MODELS.get(change, Line)
        contestants = {"ours": partial(ours, path, 1), "theirs": partial(theirs, path, json.loads, model)}
        if {run() for run in contestants.values()} != {rows}:
            raise SystemExit(f"the contestants do not read the same rows: {name}")
        result = compare(contestants, repeats=5, warm=False)
        speed = path.stat().st_size / MEGABYTE / result.median("ours")
        print(f"| {name} | {path.stat().st_size // rows:,} | {speed:,.0f} | {result.ratio('theirs'):.1f} × |")


def said(row: Row, old: str, new: str) -> Row:
    """The row with a word of its caption in another language."""
    (turn,) = row["positive_messages"][0]
    turn["content"] = turn["content"].replace(old, new)
    return row


def chinese(row: Row) -> Row:
    (turn,) = row["positive_messages"][0]
    turn["content"] = "街道左边有一家面包店，右边是两栋砖砌的房子。" * (len(turn["content"]) // 60)
    return row


def stage1(row: Row) -> Row:
    turns = [{"role": "user", "content": "<image> Represent this street view."}]
    return row | {"messages": turns, "graphs": [], "pair_type": "stage1_image_only"}


def cases(row: Row, count: int) -> Row:
    """A question about the row's picture and graph, with texts to choose from."""
    caption = row["positive_messages"][0][0]["content"]
    starts = (number * (len(caption) - 60) // count for number in range(count))
    return asked(row, [f"{caption[start : start + 60].strip()} {number}" for number, start in enumerate(starts)])


def asked(row: Row, names: list[str]) -> Row:
    kept = {name: row[name] for name in ("messages", "images", "graphs", "place", "id")}
    return kept | {"candidates": names, "ground_truth": names[2], "ground_truth_idx": 2, "query_type": "geolocation"}


def case(row: Row) -> Row:
    return cases(row, 4)


def long_case(row: Row) -> Row:
    return cases(row, 20)


def retrieval(row: Row) -> Row:
    """The same with pictures to choose from, each with its graph."""
    chance = random.Random(row["id"])
    numbers = [402100000000000 + number for number in chance.sample(range(IMAGES), 20)]
    names = [f"images/{number}.jpg" for number in numbers]
    beside = {"candidate_images": names, "candidate_graphs": [f"graphs/{number}.json" for number in numbers]}
    return asked(row, names) | beside


def thing(row: Row) -> Row:
    caption = row["positive_messages"][0][0]["content"]
    return {"text": caption} | {name: row[name] for name in ("images", "graphs", "place", "id")}


def shuffled(row: Row) -> Row:
    names = list(row)
    random.Random(row["id"]).shuffle(names)
    return {name: row[name] for name in names}


FORMS: dict[str, tuple[Callable[[Row], Row], bool]] = {
    "stage 2": (lambda row: row, True),
    "stage 1": (stage1, True),
    "French, as `\\u` escapes": (lambda row: said(row, "o", "é"), True),
    "French, in UTF-8": (lambda row: said(row, "o", "é"), False),
    "Chinese, as `\\u` escapes": (chinese, True),
    "Chinese, in UTF-8": (chinese, False),
    "three negatives": (lambda row: row | {"negative_messages": row["positive_messages"] * 3}, True),
    "fields in any order": (shuffled, True),
    "an unknown field": (lambda row: row | {"city": "Singapore"}, True),
    "a heading": (lambda row: row | {"place": row["place"] | {"heading_deg": 90}}, True),
    "benchmark, 4 texts": (case, True),
    "benchmark, 20 texts": (long_case, True),
    "benchmark, 20 pictures and graphs": (retrieval, True),
    "rows to embed": (thing, True),
    "a literal backslash": (lambda row: said(row, "o", "\\"), True),
}
"""How a stage-2 row is changed, and whether it is written as ASCII."""
MODELS: dict[Callable[[Row], Row], type[BaseModel]] = {case: Case, long_case: Case, retrieval: Case, thing: Thing}
"""What the peer makes of rows that are no training rows."""


def make_files(folder: Path) -> None:
    for kind, ending in (("images", "jpg"), ("graphs", "json")):
        (folder / kind).mkdir()
        for number in range(IMAGES):
            (folder / kind / f"{402100000000000 + number}.{ending}").write_bytes(b"small")


def write_rows(
    path: Path, size: int, *, change: Callable[[Row], Row] = lambda row: row, ascii_only: bool = True
) -> int:
    """Sound rows up to ``size`` bytes; returns their number."""
    chance = random.Random(1)
    text = " ".join(chance.choices(WORDS, k=200_000))
    with path.open("wb") as file:
        number = 0
        while file.tell() < size:
            made = change(row(chance, number, text))
            file.write(json.dumps(made, ensure_ascii=ascii_only).encode() + b"\n")
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


def uncompiled(path: Path) -> int:
    """Ours, as it is while the compiled functions are not there."""
    least, scan.COMPILED_BYTES = scan.COMPILED_BYTES, 1 << 60
    try:
        return ours(path, 1)
    finally:
        scan.COMPILED_BYTES = least


def theirs(path: Path, loads: Callable[[bytes], Any], model: type[BaseModel] = Line) -> int:
    count = 0
    with path.open("rb") as file:
        for line in file:
            model.model_validate(loads(line))
            count += 1
    return count


def datasets_rows(path: Path) -> int:
    """What people load JSON lines with: types are inferred, nothing is checked; its cache is empty at the start."""
    import datasets

    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        loaded = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=cache)
        return len(loaded)


def peak(path: Path) -> float:
    """Peak memory in MiB of a process that checks one file; told by Linux, where other figures count the parent in."""
    done = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[1]) / 1024


if __name__ == "__main__":
    main()
