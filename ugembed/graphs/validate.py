"""Check data files of every kind: rows, the pictures and graphs they name, and graph files by themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt

from ugembed.errors import DataError, GraphError
from ugembed.files import MANIFEST, iter_lines, read_json
from ugembed.graphs.schema import UrbanGraph
from ugembed.progress import OnProgress, silent
from ugembed.records.images import load_image, probe_image
from ugembed.records.roots import Roots
from ugembed.records.validate import FileCheck, Findings, Problem, Report, validate_rows
from ugembed.registry import Config

_GRAPH_KEYS = ("nodes", "edges", "center_node")
_GRAPH_LISTS = ("index.jsonl", "rejected.jsonl")
"""What `ugembed.graphs.build` writes beside its graphs (imported from there, it would bring the map readers along)."""
_PICKLES = (".pkl", ".pickle")
_FIELD = re.compile(r"^((?:nodes|edges|center_node|schema_version)[^:\s]*): (.*)$", re.DOTALL)


class ValidateConfig(Config):
    """What is checked, and how closely."""

    paths: tuple[Path, ...] = Field(min_length=1)
    """Row files (`.jsonl`), graph files (`.json`), or folders of both."""
    roots: tuple[Path, ...] = ()
    """Folders that names in rows start from; none: the folder of the row file, then the current one."""
    images: Literal["none", "header", "decode"] = "header"
    """How far pictures are read: not at all (they must still exist), their header, or every pixel."""
    graphs: Literal["none", "header", "full"] = "full"
    """How far graphs are read: not at all (they must still exist), their top level keys, or every node and edge."""
    max_problems: PositiveInt = 200
    """Problems beyond this number are counted but not listed."""


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    is_named: bool
    """Given by the user, not found in a folder."""


def validate_files(config: ValidateConfig, on_progress: OnProgress = silent) -> Report:
    """Gather every problem of the given files; each distinct picture and graph is read once.

    Raises:
        DataError: ``file-missing``, ``root-missing`` or ``nothing-to-check``: there is nothing to report about.
    """
    sources = _sources(config.paths)
    findings = Findings(config.max_problems)
    nodes: list[int] = []
    images = FileCheck(_image_check(config.images))
    graphs = FileCheck(_graph_check(config.graphs, nodes))
    rows: Counter[str] = Counter()
    steps = _Steps(sum(_size(source.path) for source in sources), on_progress)
    for source in sources:
        steps.note = source.path.name
        if _holds_rows(source.path):
            roots = Roots.for_file(source.path, config.roots)
            checks = {"image": images, "graph": graphs}
            kind, count = validate_rows(
                source.path, findings=findings, roots=roots, checks=checks, on_row=steps.advance
            )
            rows[kind] += count
        else:
            _check_graph_file(source, graphs, findings)
            steps.advance()
    return Report(tuple(findings.problems), findings.left_out, dict(rows), len(images), len(graphs), tuple(nodes))


class _Steps:
    """Progress in rows and graph files."""

    def __init__(self, total: int, on_progress: OnProgress) -> None:
        self.done = 0
        self.total = total
        self.note = ""
        self.on_progress = on_progress

    def advance(self) -> None:
        self.done += 1
        self.on_progress(self.done, self.total, self.note)


def _sources(paths: tuple[Path, ...]) -> list[_Source]:
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise DataError(f"no such file or folder: {', '.join(missing)}", code="file-missing", hint="check the path")
    found: dict[Path, _Source] = {}
    for path in paths:
        for source in _inside(path) if path.is_dir() else [_Source(path, is_named=True)]:
            found.setdefault(source.path.resolve(), source)
    if not found:
        raise DataError(
            f"neither .jsonl nor .json files in {', '.join(map(str, paths))}",
            code="nothing-to-check",
            hint="name a row file (.jsonl), a graph file (.json) or a folder of them",
        )
    return list(found.values())


def _inside(folder: Path) -> Iterator[_Source]:
    """Row and graph files below a folder, by name; without hidden ones, manifests and the lists of graph folders."""
    for path in sorted([*folder.rglob("*.jsonl"), *folder.rglob("*.json")]):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        is_list = path.name in _GRAPH_LISTS and (path.parent / MANIFEST).is_file()
        if path.is_file() and not is_hidden and path.name != MANIFEST and not is_list:
            yield _Source(path, is_named=False)


def _holds_rows(path: Path) -> bool:
    return path.suffix.lower() == ".jsonl"


def _size(path: Path) -> int:
    return sum(1 for _ in iter_lines(path)) if _holds_rows(path) else 1


def _image_check(depth: str) -> Callable[[Path], object]:
    if depth == "none":
        return lambda path: None
    return probe_image if depth == "header" else load_image


def _graph_check(depth: str, nodes: list[int]) -> Callable[[Path], object]:
    """A check that also notes the number of nodes."""

    def check(path: Path) -> None:
        if path.suffix.lower() in _PICKLES:
            raise GraphError(
                f"{path}: a pickle, which would run code when read",
                code="graph-pickle",
                hint="convert it to the JSON of docs/data_format.md",
            )
        if depth == "full":
            nodes.append(len(UrbanGraph.read(path).nodes))
        elif depth == "header":
            nodes.append(_count_nodes(path))

    return check


def _count_nodes(path: Path) -> int:
    value = read_json(path)
    lacking = [key for key in _GRAPH_KEYS if not isinstance(value, dict) or key not in value]
    if lacking or not isinstance(value["nodes"], list):
        raise GraphError(
            f"{path}: not a graph: lacks {', '.join(lacking) or 'a list of nodes'}",
            code="graph-broken",
            hint=f"wanted: {', '.join(_GRAPH_KEYS)}",
        )
    return len(value["nodes"])


def _check_graph_file(source: _Source, graphs: FileCheck, findings: Findings) -> None:
    """A graph file by itself; a file of another kind is an error if it was named, a warning if it lay in a folder."""
    path = source.path
    try:
        graphs(path)
    except (DataError, OSError) as error:
        if _is_something_else(path):
            graphs.discard(path)
            findings.add(_unknown_file(source))
        elif isinstance(error, GraphError):
            what = error.message.removeprefix(f"{path}: ")
            match = _FIELD.match(what)
            field, message = match.groups() if match else ("", what)
            findings.add(Problem(error.code, str(path), None, field, message, error.hint))
        else:
            findings.add_error(error, file=path)


def _is_something_else(path: Path) -> bool:
    if path.suffix.lower() in _PICKLES:
        return False
    try:
        value = read_json(path)
    except (DataError, OSError):
        return path.suffix.lower() != ".json"
    return not (isinstance(value, dict) and any(key in value for key in _GRAPH_KEYS))


def _unknown_file(source: _Source) -> Problem:
    return Problem(
        "unknown-file",
        str(source.path),
        None,
        "",
        f"neither rows (.jsonl) nor a graph (.json with {', '.join(_GRAPH_KEYS)}), so it was not checked",
        "see docs/data_format.md",
        "error" if source.is_named else "warning",
    )
