"""Check data files of every kind: rows, the pictures and graphs they name, and graph files by themselves."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, NonNegativeInt, PositiveInt

from ugembed import archives
from ugembed.graphs.checked_files import CheckedFiles
from ugembed.graphs.looks import Depths, GraphTask, Look, NamedTask, look_at_graphs, look_at_named
from ugembed.graphs.sources import Source, sources
from ugembed.progress import OnProgress, silent
from ugembed.records.checking.across import far_from_graph
from ugembed.records.checking.blocks import line_ranges
from ugembed.records.checking.both_sides import ImagesOfSides
from ugembed.records.checking.named_files import Named
from ugembed.records.checking.pool import Pool, available_cores, open_pool
from ugembed.records.checking.retell import OnRows, retell
from ugembed.records.checking.scan import Range, RowFile, Scanned, forget, scan
from ugembed.records.checking.statistics import Statistics
from ugembed.records.report import Findings, Problem, Report
from ugembed.records.roots import Roots
from ugembed.records.validate import CheckedRows, is_validation, row_kind
from ugembed.registry import Config

_RANGE_BYTES = 4 << 20
_SMALL_BYTES = 8 << 20
"""Below this much input, starting processes takes longer than the work."""
_FILES_A_TASK = 64


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
    validation: tuple[Path, ...] = ()
    """Row files, checked too, whose pictures must not be in training files. Files named like val, dev or test count
    without being listed."""
    max_graph_nodes: PositiveInt = 1000
    """Graphs with more nodes are a warning: a model leaves the rest out."""
    max_problems: PositiveInt = 200
    """Errors beyond this number are counted but not listed; warnings are always listed."""
    strict: bool = False
    """Warnings count as errors in the exit status."""
    workers: NonNegativeInt = 0
    """Processes; 0 for one a core, or a single one when there is little to read."""


def validate_files(
    config: ValidateConfig, on_progress: OnProgress = silent, *, on_rows: OnRows | None = None
) -> Report:
    """Gather every problem of the given files; each distinct picture and graph is looked at once.

    A script that calls this with several workers needs the usual ``if __name__ == "__main__":``.

    Args:
        config: What is checked.
        on_progress: Hears of bytes of row and graph files.
        on_rows: Hears of every line of every row file, in order, when the file is done.

    Raises:
        DataError: ``file-missing``, ``root-missing`` or ``nothing-to-check``: there is nothing to report about.
            ``worker-died``.
    """
    found = sources((*config.paths, *config.validation))
    total = sum(archives.size(source.path) for source in found)
    check = _Check(config, on_rows)
    done = 0
    try:
        workers = config.workers or (available_cores() if total >= _SMALL_BYTES else 1)
        with open_pool(workers, module=__name__) as pool:
            for task, result in pool.stream(_work, _tasks(found, config)):
                check.take(task, result, pool)
                done += task.bytes
                on_progress(done, total, task.name)
            check.finish_file()
    finally:
        forget()
    return check.report()


_Result: TypeAlias = Scanned | list[tuple[int, Look]]


def _work(task: Range | GraphTask) -> _Result:
    return scan(task) if isinstance(task, Range) else look_at_graphs(task)


def _tasks(found: Sequence[Source], config: ValidateConfig) -> Iterator[Range | GraphTask]:
    """The ranges of row files and handfuls of graph files, in order."""
    run = uuid.uuid4().hex
    depths = _depths(config)
    for holds_rows, group in groupby(found, key=lambda source: source.holds_rows):
        if holds_rows:
            for path in (source.path for source in group):
                file = RowFile(path, row_kind(path), Roots.for_file(path, config.roots), run)
                for start, stop in line_ranges(path, _RANGE_BYTES):
                    yield Range(file, start, stop, config.max_problems)
        else:
            while batch := tuple(islice(group, _FILES_A_TASK)):
                yield GraphTask(batch, depths)


def _depths(config: ValidateConfig) -> Depths:
    return Depths(config.images, config.graphs, config.max_graph_nodes)


class _Check:
    """What was found so far, as results come in, in order."""

    def __init__(self, config: ValidateConfig, on_rows: OnRows | None) -> None:
        self._config = config
        self._depths = _depths(config)
        self._on_rows = on_rows
        self._findings = Findings(config.max_problems)
        self._statistics = Statistics()
        self._files = CheckedFiles()
        self._current: CheckedRows | None = None
        self._rows = Counter[str]()
        self._accepted = self._doubles = self._bytes = 0
        self._images = ImagesOfSides()

    def take(self, task: Range | GraphTask, result: _Result, pool: Pool) -> None:
        if isinstance(task, Range) and isinstance(result, Scanned):
            if self._current is None or self._current.file is not task.file:
                self.finish_file()
                self._current = CheckedRows(task.file, self._config.max_problems)
            self._bytes += task.stop - task.start
            self._take_range(self._current, result, pool)
        elif isinstance(task, GraphTask) and isinstance(result, list):
            self.finish_file()
            for identity, look in result:
                self._findings.extend(self._files.add_graph(identity, look))

    def _take_range(self, checked: CheckedRows, scanned: Scanned, pool: Pool) -> None:
        """Rows of a range, and a look at every file that is new in it."""
        new = self._files.unseen(checked.add(scanned))
        wanted = [named for named in new if self._depths.of(named.kind) != "none"]
        tasks = [
            NamedTask(tuple(wanted[at : at + _FILES_A_TASK]), checked.file, self._depths)
            for at in range(0, len(wanted), _FILES_A_TASK)
        ]
        for task, looks in pool.stream(look_at_named, tasks):
            for named, look in zip(task.named, looks, strict=True):
                checked.add_errors(self._files.add_named(named, look))

    def finish_file(self) -> None:
        """Whatever is told of the current row file when all of it was read."""
        checked, self._current = self._current, None
        if checked is None:
            return
        path, kind, table = checked.file.path, checked.file.kind, checked.table
        broken = self._files.broken()
        problems, more, refused = checked.finish(broken)
        self._findings.extend(problems, more=more)
        far = far_from_graph(path, table, self._files.centres())
        self._findings.extend([far] if far else [])
        self._rows[kind] += checked.rows
        self._accepted += checked.accepted
        self._doubles += checked.doubles
        self._statistics.add(kind, table)
        is_validation = self._is_validation(path)
        is_training = kind == "training" and not is_validation
        self._images.add(path, table, is_training=is_training, is_validation=is_validation)
        if self._on_rows is not None:
            reasons = partial(self._reasons, checked.file, frozenset(broken.tolist()))
            retell(checked, refused, reasons=reasons, on_rows=self._on_rows)

    def _is_validation(self, path: Path) -> bool:
        return is_validation(path) or path.resolve() in {listed.resolve() for listed in self._config.validation}

    def _reasons(self, file: RowFile, broken: frozenset[int], named: Named) -> list[Problem]:
        if named.identity not in broken:
            return []
        (look,) = look_at_named(NamedTask((named,), file, self._depths))
        return list(look.problems)

    def report(self) -> Report:
        self._findings.extend(self._files.warnings())
        self._findings.extend(self._images.warnings())
        statistics = self._statistics
        statistics.tokens, statistics.nodes, statistics.edges = self._files.tokens, self._files.nodes, self._files.edges
        return Report(
            problems=tuple(self._findings.problems),
            left_out=self._findings.left_out,
            rows=dict(self._rows),
            accepted=self._accepted,
            bytes=self._bytes,
            pair_types=dict(statistics.labels["training"]),
            query_types=dict(statistics.labels["benchmark"]),
            images=self._files.count("image"),
            graphs=self._files.count("graph"),
            duplicates=self._doubles,
            spreads=statistics.spreads(),
            places=statistics.places,
            place_count=statistics.place_count,
            box=statistics.box,
        )
