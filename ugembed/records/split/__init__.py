"""Cut rows or a table of images into parts, so that what belongs together, or lies together, stays together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL.Image import Image

from ugembed.errors import DataError
from ugembed.files import committed_directory, refuse_existing, sha256_file, write_json
from ugembed.progress import OnProgress, silent
from ugembed.records.output_names import LEFT_OUT, output_names
from ugembed.records.places_map import places_picture
from ugembed.records.split.check import Checked, check_parts
from ugembed.records.split.config import SplitConfig, check_fractions, parse_fractions
from ugembed.records.split.plan import Plan, least_apart_m, make_plan
from ugembed.records.split.rows import Ints, read_rows
from ugembed.records.split.sources import Source, find_files, open_source
from ugembed.records.split.summary import Part, SplitSummary
from ugembed.records.split.units import city_links

__all__ = ["FACTS", "LEFT_OUT", "MAP", "SplitConfig", "SplitSummary", "parse_fractions", "split"]

FACTS, MAP = "split.json", "map.png"


def split(config: SplitConfig, on_progress: OnProgress = silent) -> SplitSummary:
    """Write each part of the rows into ``OUT``, with ``split.json`` and ``map.png``; nothing when it fails.

    The same rows and seed always give the same parts. Of one file, a part is ``train.jsonl``; of several, the folder
    ``train`` with files of the same names.

    Raises:
        ConfigError: ``fractions-broken``, ``fractions-sum``.
        DataError: ``split-input``, ``no-rows``, ``split-place``, ``city-missing``, ``split-too-few``,
            ``split-part-empty``, ``file-changed``, ``split-leak``; for the first row or table that cannot be read, its
            code.
        StoreError: ``output-exists``.
    """
    check_fractions(config.fractions)
    refuse_existing(config.out)
    sources = [open_source(path) for path in find_files(config.files)]
    meter = _Meter(on_progress, sum(source.path.stat().st_size for source in sources))
    rows = read_rows(
        sources,
        on_bytes=meter.add,
        wants_place=_wants_place(config),
        city_will_do=config.by == "city" and not config.buffer_m,
    )
    if not len(rows.lon):
        raise DataError(f"{config.files[0]}: holds no rows", code="no-rows", hint="write one JSON object a line")
    plan = make_plan(config, rows)
    facts = config.model_dump(mode="json", exclude={"files", "out"})
    facts["inputs"] = {str(source.path): sha256_file(source.path) for source in sources}
    with committed_directory(config.out, kind="split", **facts) as folder:
        written = _write(config, plan, sources, folder)
        checked = _check(config, folder, written, meter)
        summary = _summary(config, plan, written, checked)
        write_json(folder / FACTS, {**facts, **summary.to_json(), "whole": _whole(config, plan)})
        _draw(config, plan).save(folder / MAP)
    meter.finish()
    return summary


def _wants_place(config: SplitConfig) -> str:
    """The option for which every row needs a place, or nothing."""
    if config.by != "image":
        return f"--by {config.by}"
    return "--buffer" if config.buffer_m else ""


class _Meter:
    """Tells progress in thousands of bytes: all files are read, and then what was written of them."""

    def __init__(self, on_progress: OnProgress, size: int) -> None:
        self._on_progress = on_progress
        self._done, self._total = 0, 2 * size

    def add(self, count: int, note: str) -> None:
        self._done += count
        self._on_progress(min(self._done, self._total) // 1000, self._total // 1000, note)

    def finish(self) -> None:
        self.add(self._total - self._done, "")


def _write(config: SplitConfig, plan: Plan, sources: Sequence[Source], folder: Path) -> dict[str, list[Path]]:
    """Copy every row to its part; gives the files of each part, relative to the folder."""
    names = [*config.fractions, LEFT_OUT]
    own_names = output_names([source.path for source in sources])
    written: dict[str, list[Path]] = {name: [] for name in names}
    choices = np.split(plan.part, np.cumsum(plan.rows.counts)[:-1])
    for source, choice in zip(sources, choices, strict=True):
        paths = [Path(name) / own_names[source.path] for name in names]
        if len(sources) == 1:
            paths = [Path(f"{name}{source.path.suffix}") for name in names]
        for number in np.unique(choice).tolist():
            (folder / paths[number]).parent.mkdir(parents=True, exist_ok=True)
            written[names[number]].append(paths[number])
        source.copy(choice.tolist(), [folder / path for path in paths])
    return written


def _check(config: SplitConfig, folder: Path, written: Mapping[str, Sequence[Path]], meter: _Meter) -> Checked:
    """Read the parts as they were written, and compare them."""
    parts = {
        name: read_rows([open_source(folder / path) for path in written[name]], on_bytes=meter.add)
        for name in config.fractions
    }
    whole: dict[str, Ints] = {}
    if config.by == "cell":
        whole = {name: rows.cells(config.level).astype(np.int64) for name, rows in parts.items()}
    elif config.by == "city":
        whole = {name: city_links(rows.city, rows.cities).name for name, rows in parts.items() if rows.cities}
    return check_parts(parts, whole=whole, apart_m=max(least_apart_m(config, rows) for rows in parts.values()))


def _summary(config: SplitConfig, plan: Plan, written: Mapping[str, Sequence[Path]], checked: Checked) -> SplitSummary:
    kept = int((plan.part < len(config.fractions)).sum())
    parts = []
    for number, (name, wished) in enumerate(config.fractions.items()):
        own = plan.part == number
        parts.append(
            Part(
                name=name,
                wished=wished,
                share=int(own.sum()) / kept,
                rows=int(own.sum()),
                left_out=int((plan.wished == number).sum() - own.sum()),
                units=len(np.unique(plan.units.of_row[own])),
                images=len(plan.rows.images.of_rows(own)),
                cells=len(plan.cells(number, config.level)),
                files=tuple(path.as_posix() for path in written[name]),
            )
        )
    return SplitSummary(
        out=config.out,
        parts=tuple(parts),
        nearest_m=checked.nearest_m,
        shown_elsewhere=checked.shown_elsewhere,
        largest_unit=int(plan.units.sizes.max()),
    )


def _whole(config: SplitConfig, plan: Plan) -> dict[str, list[str]]:
    """The cells or cities of every part."""
    if config.by == "image":
        return {}
    names = enumerate(config.fractions)
    return {name: plan.cells(i, config.level) if config.by == "cell" else plan.city_names(i) for i, name in names}


def _draw(config: SplitConfig, plan: Plan) -> Image:
    groups = {name: plan.places(number) for number, name in enumerate(config.fractions)}
    if len(left_out := plan.places(len(groups))):
        groups["left out"] = left_out
    return places_picture(groups)
