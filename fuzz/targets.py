"""What is fuzzed: how an unsound input is made, and who reads it.

A reader returns ``accepted`` or the code of the refusal; whatever it raises beside `UgembedError` is a finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import MappingProxyType

import orjson

from fuzz import seeds
from fuzz.mutate import bytes_changed, json_changed
from tests.graphs.legacy.pickles import CENTER
from tests.records.two_speeds import verdicts
from ugembed.cli.config import RUN_FILES, run_file_model
from ugembed.config import load_config
from ugembed.errors import UgembedError
from ugembed.files import MANIFEST, read_manifest
from ugembed.graphs.check import check_graph_file
from ugembed.graphs.legacy.convert import convert
from ugembed.graphs.legacy.worker import read_document
from ugembed.graphs.schema import UrbanGraph
from ugembed.graphs.validate import ValidateConfig, validate_files
from ugembed.records.case import RankingCase
from ugembed.records.checking.explain import RowKind
from ugembed.records.images import load_image, probe_image
from ugembed.records.item import Item
from ugembed.records.pair import Pair
from ugembed.records.points import read_points
from ugembed.records.roots import Roots
from ugembed.records.uge.cases import parse_case
from ugembed.records.uge.items import parse_item
from ugembed.records.uge.pairs import parse_pair
from ugembed.records.uge.row import Row, decode_row

ACCEPTED = "accepted"
ROOTS = Roots((seeds.EXAMPLES,))
RUN_FILE_MODELS = tuple(run_file_model(verb) for verb in sorted(RUN_FILES))
PARSERS: Mapping[str, Callable[[Row], Pair | RankingCase | Item]] = MappingProxyType(
    {"training": parse_pair, "benchmark": parse_case, "embed": parse_item}
)


class BrokenPromiseError(Exception):
    """The program contradicts itself, or a promise."""


def demand(holds: bool, what: str) -> None:
    """Raise `BrokenPromiseError` unless ``holds``."""
    if not holds:
        raise BrokenPromiseError(what)


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of input.

    Attributes:
        share: Number of inputs for each row that is asked for.
        make: An input from random numbers.
        read: ``(input, empty folder to work in) -> "accepted"`` or a code.
    """

    share: float
    make: Callable[[Random], bytes]
    read: Callable[[bytes, Path], str]


def read_or_refused(target: Target, data: bytes, folder: Path) -> str:
    """``accepted`` or the code; everything else that happens is the program's fault and raised."""
    try:
        return target.read(data, folder)
    except UgembedError as error:
        demand(bool(error.code and error.message), "a refusal that says nothing")
        return error.code


def from_json(sound: Sequence[bytes], *, structured: float = 0.6) -> Callable[[Random], bytes]:
    """Inputs from sound JSON documents; the share ``structured`` is changed in structure, the rest byte by byte."""

    def make(random: Random) -> bytes:
        change = json_changed if random.random() < structured else bytes_changed
        return change(random.choice(sound), random, sound)

    return make


def from_bytes(sound: Callable[[], Sequence[bytes]]) -> Callable[[Random], bytes]:
    def make(random: Random) -> bytes:
        return bytes_changed(random.choice(sound()), random, sound())

    return make


def _row(kind: RowKind) -> Callable[[bytes, Path], str]:
    parse = PARSERS[kind]

    def read(data: bytes, _folder: Path) -> str:
        line = data.replace(b"\n", b" ")
        fast, slow = verdicts(kind, line, ROOTS)
        demand(fast is None or fast == slow, f"the fast pass says {fast}, the slow pass {slow}")
        try:
            parsed = parse(decode_row(Path("rows.jsonl"), 1, line, lambda name, kind, _: ROOTS.resolve(name, kind)))
        except UgembedError as error:
            demand(isinstance(slow, str), f"reading refuses ({error.code}) what the check takes")
            raise
        demand(not isinstance(slow, str), f"reading takes what the check refuses: {slow}")
        shown = parsed if isinstance(parsed, Item) else parsed.query
        outside = [path for path in (*shown.images, *shown.graphs) if not path.resolve().is_relative_to(seeds.EXAMPLES)]
        demand(not outside, f"found outside of the roots: {outside}")
        return ACCEPTED

    return read


def _row_file(data: bytes, folder: Path) -> str:
    path = folder / "rows.jsonl"
    path.write_bytes(data)
    report = validate_files(ValidateConfig(paths=(path,), roots=(seeds.EXAMPLES,), workers=1))
    errors = [problem.code for problem in report.problems if problem.severity == "error"]
    demand(bool(errors) == bool(report.errors), "errors are counted that are not told")
    return errors[0] if errors else ACCEPTED


def _make_row_file(random: Random) -> bytes:
    sound = random.choice((seeds.TRAINING, seeds.BENCHMARK, seeds.EMBED))
    rows = [random.choice(sound) for _ in range(random.randrange(6))]
    changed = [from_json(sound)(random) if random.random() < 0.3 else row for row in rows]
    return random.choice((b"", b"", b"", b"\xef\xbb\xbf")) + random.choice((b"\n", b"\r\n", b"\n\n")).join(changed)


def _graph(data: bytes, folder: Path) -> str:
    """Reading and checking must come to the same verdict, and what was read must be written back equal."""
    path = folder / "graph.json"
    path.write_bytes(data)
    checked = check_graph_file(path, "full", max_nodes=1000)
    errors = [problem.code for problem in checked.problems if problem.severity == "error"]
    try:
        graph = UrbanGraph.read(path)
    except UgembedError as error:
        demand(bool(errors), f"read refuses ({error.code}) what the check takes")
        raise
    demand(not errors, f"read takes what the check refuses: {errors}")
    demand(check_graph_file(path, "header", max_nodes=1000).facts == checked.facts, "header and whole check differ")
    (folder / "again.json").write_bytes(graph.to_bytes())
    demand(UrbanGraph.read(folder / "again.json") == graph, "what was read is not what is written")
    return ACCEPTED


def _points(suffix: str) -> Callable[[bytes, Path], str]:
    def read(data: bytes, folder: Path) -> str:
        path = folder / f"points{suffix}"
        path.write_bytes(data)
        read_points(path)
        return ACCEPTED

    return read


def _run_file(data: bytes, folder: Path) -> str:
    path = folder / "run.yaml"
    path.write_bytes(data)
    model = RUN_FILE_MODELS[hashlib.blake2b(data, digest_size=2).digest()[0] % len(RUN_FILE_MODELS)]
    load_config(model, path).flat()
    return ACCEPTED


@cache
def _manifest() -> tuple[bytes, ...]:
    digest = hashlib.sha256(seeds.MANIFEST_FILE).hexdigest()
    files = {"index.jsonl": {"bytes": len(seeds.MANIFEST_FILE), "sha256": digest}}
    return (orjson.dumps({"kind": "graphs", "facts": {"graphs": 1, "city": "x"}, "files": files}),)


def _manifest_folder(data: bytes, folder: Path) -> str:
    (folder / "index.jsonl").write_bytes(seeds.MANIFEST_FILE)
    (folder / MANIFEST).write_bytes(data)
    read_manifest(folder, kind="graphs", verify=True)
    return ACCEPTED


def _picture(data: bytes, folder: Path) -> str:
    """What the header's reader refuses, the decoder refuses as well."""
    path = folder / "picture"
    path.write_bytes(data)
    try:
        header = probe_image(path)
    except UgembedError:
        _is_refused(path)
        raise
    picture = load_image(path)
    demand({*picture.size} == {header.width, header.height}, f"{picture.size}, the header says {header}")
    return ACCEPTED


def _pickle(data: bytes, _folder: Path) -> str:
    """As `import-graphs` reads one, but in this process."""
    content = orjson.loads(orjson.dumps(read_document(data)))
    convert(content, Path(f"extended_{CENTER}_subgraph_{CENTER}.pkl"), drop_country=False)
    demand(not seeds.TOUCHED.exists(), "a pickle was obeyed")
    return ACCEPTED


def _is_refused(path: Path) -> None:
    try:
        load_image(path)
    except UgembedError:
        return
    raise BrokenPromiseError("the header is refused, but the picture decodes")


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "training rows": Target(0.4, from_json(seeds.TRAINING), _row("training")),
        "benchmark rows": Target(0.4, from_json(seeds.BENCHMARK), _row("benchmark")),
        "rows to embed": Target(0.2, from_json(seeds.EMBED), _row("embed")),
        "row files": Target(0.02, _make_row_file, _row_file),
        "graph files": Target(0.3, from_json(seeds.GRAPHS), _graph),
        "points, CSV": Target(0.03, from_bytes(lambda: seeds.POINTS_CSV), _points(".csv")),
        "points, GeoJSON": Target(0.03, from_json(seeds.POINTS_GEOJSON), _points(".geojson")),
        "run files": Target(0.1, from_bytes(lambda: seeds.RUN_FILES), _run_file),
        "manifests": Target(0.1, lambda random: from_json(_manifest())(random), _manifest_folder),
        "pictures": Target(0.03, from_bytes(cache(seeds.pictures)), _picture),
        "pickles": Target(0.05, from_bytes(cache(seeds.pickles)), _pickle),
    }
)
