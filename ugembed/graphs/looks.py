"""A look into picture and graph files, in whatever process: what they are, or why they cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ugembed import archives
from ugembed.errors import DataError
from ugembed.files import read_json
from ugembed.graphs.check import GraphCheck, check_graph_file
from ugembed.graphs.decode import PICKLES
from ugembed.graphs.sources import Source
from ugembed.records.checking.named_files import Named, identity
from ugembed.records.checking.scan import RowFile, roots_of
from ugembed.records.images import load_image, probe_image
from ugembed.records.report import Problem, problem_of
from ugembed.records.visual_tokens import visual_tokens

ImageDepth: TypeAlias = Literal["none", "header", "decode"]
GraphDepth: TypeAlias = Literal["none", "header", "full"]
GRAPH_KEYS = ("nodes", "edges", "center_node")


@dataclass(frozen=True, slots=True)
class Depths:
    """How far files are read, and how many nodes a graph may have before that is worth a warning."""

    images: ImageDepth
    graphs: GraphDepth
    max_nodes: int

    def of(self, kind: str) -> str:
        return self.images if kind == "image" else self.graphs


@dataclass(frozen=True, slots=True)
class Look:
    """What one file is: errors, tokens of a picture, or facts and warnings of a graph."""

    problems: tuple[Problem, ...] = ()
    tokens: int = 0
    graph: GraphCheck | None = None


@dataclass(frozen=True, slots=True)
class NamedTask:
    """Files that the rows of ``file`` name."""

    named: tuple[Named, ...]
    file: RowFile
    depths: Depths


@dataclass(frozen=True, slots=True)
class GraphTask:
    """Graph files by themselves."""

    sources: tuple[Source, ...]
    depths: Depths

    @property
    def bytes(self) -> int:
        return sum(archives.size(source.path) for source in self.sources)

    @property
    def name(self) -> str:
        return self.sources[-1].path.name


def look_at_named(task: NamedTask) -> list[Look]:
    """One look for each file; a problem tells the row and field that names it, with the first of its faults."""
    return [_named(named, task) for named in task.named]


def look_at_graphs(task: GraphTask) -> list[tuple[int, Look]]:
    """Identity and look of each graph file; none for a file that is of another kind (its problem says so)."""
    return [_given(source, task.depths) for source in task.sources]


def _named(named: Named, task: NamedTask) -> Look:
    try:
        path = roots_of(task.file).resolve(named.name, named.kind)
        if named.kind == "image":
            return Look(tokens=_tokens(path, task.depths.images))
        return _in_row(_graph(path, task.depths), named, task.file.path)
    except (DataError, OSError) as error:
        return Look((problem_of(error, file=task.file.path, line=named.line, field=named.field),))


def _tokens(path: Path, depth: ImageDepth) -> int:
    header = probe_image(path)
    if depth == "decode":
        load_image(path)
    return visual_tokens(header.width, header.height)


def _graph(path: Path, depths: Depths) -> Look:
    if depths.graphs == "none":
        return Look()
    found = check_graph_file(path, depths.graphs, max_nodes=depths.max_nodes)
    return Look(tuple(_errors(found.problems)), graph=found)


def _errors(problems: Iterable[Problem]) -> Iterable[Problem]:
    return (problem for problem in problems if problem.severity == "error")


def _in_row(look: Look, named: Named, file: Path) -> Look:
    """The first error of a graph as one of the row that names it."""
    if not look.problems:
        return look
    first, *others = look.problems
    place = f"{first.file}: {first.field}: " if first.field else f"{first.file}: "
    more = f" (and {len(others)} more in this graph)" if others else ""
    told = Problem(first.code, str(file), named.line, named.field, f"{place}{first.message}{more}", first.hint)
    return Look((told,), graph=look.graph)


def _given(source: Source, depths: Depths) -> tuple[int, Look]:
    path = source.path
    found = identity(str(path.resolve()))
    if depths.graphs == "none" and path.suffix.lower() not in PICKLES:
        return found, Look()
    checked = check_graph_file(path, "header" if depths.graphs == "none" else depths.graphs, max_nodes=depths.max_nodes)
    if checked.facts is None and _is_something_else(path):
        return 0, Look((_unknown_file(source),))
    return found, Look(tuple(_errors(checked.problems)), graph=checked)


def _is_something_else(path: Path) -> bool:
    if path.suffix.lower() in PICKLES:
        return False
    try:
        value = read_json(path)
    except (DataError, OSError):
        return path.suffix.lower() != ".json"
    return not (isinstance(value, dict) and any(key in value for key in GRAPH_KEYS))


def _unknown_file(source: Source) -> Problem:
    return Problem(
        "unknown-file",
        str(source.path),
        None,
        "",
        f"neither rows (.jsonl) nor a graph (.json with {', '.join(GRAPH_KEYS)}), so it was not checked",
        "see docs/data_format.md",
        "error" if source.is_named else "warning",
    )
