"""A folder of graph files out of pickles: the whole of it, or nothing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from statistics import median
from typing import Any

from pydantic import Field

from ugembed.errors import GraphError
from ugembed.files import committed_directory, refuse_existing, write_jsonl
from ugembed.graphs.legacy.convert import Imported, convert
from ugembed.graphs.legacy.find import find_pickles
from ugembed.graphs.legacy.sandbox import Sandbox
from ugembed.progress import OnProgress, silent
from ugembed.registry import Config

INDEX = "index.jsonl"
REJECTED = "rejected.jsonl"
_SHOWN = 10
_MOST_WORKERS = 8


class ImportGraphsConfig(Config):
    """What `import_graphs` reads and writes."""

    pickles: tuple[Path, ...] = Field(min_length=1)
    """Pickled graphs, or folders that are searched for `.pkl` and `.pickle`."""
    out: Path
    """Folder to write; must not exist."""
    drop_country: bool = False
    """Take the field `Country: …` out of node texts; the reference wrote the wrong one for some cities."""
    skip_broken: bool = False
    """Leave pickles that cannot be used out and list them in rejected.jsonl, instead of refusing all."""


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What was read and written.

    Attributes:
        rejected: Codes of refused pickles to how many there were.
        centers: Where centres were named, to how many graphs.
        countries: What texts say as their country, to how many nodes say it.
        warnings: Codes to how many graphs were warned of.
    """

    out: Path
    pickles: int
    graphs: int
    rejected: dict[str, int]
    nodes: int
    nodes_median: float
    nodes_max: int
    edges: int
    centers: dict[str, int]
    countries: dict[str, int]
    warnings: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"out": str(self.out)}


def import_graphs(config: ImportGraphsConfig, on_progress: OnProgress = silent) -> ImportSummary:
    """Write ``OUT/<name of the pickle>.json`` for every pickle, with ``index.jsonl`` and a manifest.

    Raises:
        DataError: ``file-missing``, ``no-pickles``, ``path-escapes``, ``name-duplicate``, ``id-unsafe``.
        GraphError: ``import-rejected`` when a pickle cannot be used, unless ``skip_broken`` and another can.
        StoreError: ``output-exists``.
    """
    refuse_existing(config.out)
    pickles = find_pickles(config.pickles)
    index: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    countries: Counter[str] = Counter()
    facts = config.model_dump(mode="json", include={"drop_country", "skip_broken"})
    with committed_directory(config.out, kind="graphs", config=facts) as folder:
        one = partial(_import_one, folder, drop_country=config.drop_country)
        with closing(_in_parallel(one, pickles)) as results:
            for done, (path, imported) in enumerate(results, 1):
                on_progress(done, len(pickles), path.name)
                if isinstance(imported, GraphError):
                    why = imported.message.removeprefix(f"{path}: ")
                    rejected.append({"source": path.name, "code": imported.code, "why": why, "hint": imported.hint})
                else:
                    index.append(imported.row)
                    countries.update(imported.countries)
        if rejected and not (config.skip_broken and index):
            raise _refusal(rejected, len(pickles))
        on_progress(len(pickles), len(pickles), "writing")
        write_jsonl(folder / INDEX, index)
        if config.skip_broken:
            write_jsonl(folder / REJECTED, rejected)
    return _summary(config, index, rejected, countries)


@dataclass(frozen=True, slots=True)
class _Written:
    """A graph that is on disk: its row of the index, and how many texts name which country."""

    row: dict[str, Any]
    countries: Mapping[str, int]


def _import_one(folder: Path, sandbox: Sandbox, name: str, path: Path, *, drop_country: bool) -> _Written:
    content = sandbox.read(path)
    imported = convert(content, path, drop_country=drop_country)
    (folder / name).write_bytes(imported.graph.to_bytes())  # synced with the whole folder when it is committed
    return _Written(_index_row(imported, name, path, content["sha256"]), imported.countries)


def _in_parallel(
    one: Callable[[Sandbox, str, Path], _Written], pickles: Mapping[str, Path]
) -> Generator[tuple[Path, _Written | GraphError], None, None]:
    """``one`` of every pickle, in order, or why it was refused; every thread has a sandbox of its own."""
    sandboxes = [Sandbox() for _ in range(min(os.cpu_count() or 1, _MOST_WORKERS, len(pickles)))]
    idle: SimpleQueue[Sandbox] = SimpleQueue()
    for sandbox in sandboxes:
        idle.put(sandbox)

    def attempt(name: str, path: Path) -> _Written | GraphError:
        sandbox = idle.get()
        try:
            return one(sandbox, name, path)
        except GraphError as error:
            return error
        finally:
            idle.put(sandbox)

    with ExitStack() as stack:
        for sandbox in sandboxes:
            stack.enter_context(sandbox)
        pool = ThreadPoolExecutor(len(sandboxes))
        stack.callback(pool.shutdown, cancel_futures=True)
        jobs = [(path, pool.submit(attempt, name, path)) for name, path in pickles.items()]
        yield from ((path, job.result()) for path, job in jobs)


def _index_row(imported: Imported, name: str, path: Path, sha256: str) -> dict[str, Any]:
    """As `ugembed.graphs.build` writes it, without what a pickle does not tell, and with where the graph comes from."""
    graph = imported.graph
    return {
        "id": graph.center,
        "file": name,
        "lon": graph.center_node.lon,
        "lat": graph.center_node.lat,
        "heading_deg": None,
        "image": None,
        "nodes": len(graph.nodes),
        "edges": len(graph.edges),
        "source": path.name,
        "source_sha256": sha256,
        "center_from": imported.center_from,
        "warnings": [{"code": problem.code, "message": problem.message} for problem in imported.warnings],
    }


def _refusal(rejected: list[dict[str, Any]], total: int) -> GraphError:
    lines = [f"  {row['source']}: [{row['code']}] {row['why']}" for row in rejected[:_SHOWN]]
    more = [f"  … and {len(rejected) - _SHOWN} more"] if len(rejected) > _SHOWN else []
    head = f"{len(rejected)} of {total} pickles cannot be used, so nothing was written:"
    hint = (
        "--skip-broken imports the others and lists these in rejected.jsonl"
        if len(rejected) < total
        else rejected[0]["hint"]
    )
    return GraphError("\n".join([head, *lines, *more]), code="import-rejected", hint=hint)


def _summary(
    config: ImportGraphsConfig, index: list[dict[str, Any]], rejected: list[dict[str, Any]], countries: Counter[str]
) -> ImportSummary:
    nodes = [row["nodes"] for row in index]
    codes = (code for row in index for code in dict.fromkeys(warning["code"] for warning in row["warnings"]))
    return ImportSummary(
        out=config.out,
        pickles=len(index) + len(rejected),
        graphs=len(index),
        rejected=_counts(row["code"] for row in rejected),
        nodes=sum(nodes),
        nodes_median=median(nodes),
        nodes_max=max(nodes),
        edges=sum(row["edges"] for row in index),
        centers=_counts(row["center_from"] for row in index),
        countries=dict(countries.most_common()),
        warnings=_counts(codes),
    )


def _counts(words: Iterable[str]) -> dict[str, int]:
    return dict(Counter(words).most_common())
