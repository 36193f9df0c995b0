"""From an ablation to what must be done: trainings, each only once, and cells, a variant with a seed.

Everything is named by the digest of what decides its content. What is there under its name is finished and is used
again: by other variants, by other ablations with the same output folder, and after a stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import orjson

from ugembed.ablate.bed import bed_key
from ugembed.ablate.config import GRAPH_MODES, AblationConfig, Mode, Variant
from ugembed.ablate.digests import digest, given
from ugembed.config import load_config
from ugembed.errors import ConfigError
from ugembed.train.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Training:
    """One run.

    Attributes:
        name: Of the run file in the ablation.
        seed: Of the city and of training.
        config: Complete: files, output folder and the run before are filled in.
        after: The run whose weights it starts from.
        bed: Folder of the bed.
    """

    name: str
    seed: int
    config: TrainConfig
    after: Training | None
    bed: Path

    @property
    def key(self) -> str:
        """Its name on disk."""
        return self.config.out.name


@dataclass(frozen=True, slots=True)
class Cell:
    """A variant with a seed: the trainings to do in order, and how the last one is asked."""

    variant: str
    seed: int
    chain: tuple[Training, ...]
    modes: tuple[Mode, ...]
    evaluations: Path
    """Folder with one evaluation folder a mode."""

    def evaluation(self, mode: str) -> Path:
        """Folder of the answers in one mode."""
        return self.evaluations / mode


def plan_cells(
    config: AblationConfig, here: Path, out: Path, *, seeds: Iterable[int], only: Iterable[str] = ()
) -> list[Cell]:
    """All cells, seed by seed, each seed's in the order of the table; everything is checked before anything is done.

    Args:
        config: The ablation.
        here: The folder that paths of run files start from.
        out: The output folder.
        seeds: Which seeds.
        only: Names of variants; none: all.

    Raises:
        ConfigError: a run file that is missing or broken, a setting that it does not have, ``ablation-pattern``
            (settings for a run that the variant does not have), ``ablation-mode`` (graphs shown to a model without a
            graph part).
    """
    chosen = [name for name in config.variants if not only or name in set(only)]
    known: dict[str, Training] = {}
    return [_cell(config, here, out, name, seed, known) for seed in seeds for name in chosen]


def _cell(config: AblationConfig, here: Path, out: Path, name: str, seed: int, known: dict[str, Training]) -> Cell:
    variant = config.whole(name)
    _check_patterns(name, variant)
    chain: list[Training] = []
    for run in variant.chain:
        settings = _settings(variant, run)
        resolved = _resolved(here / config.runs[run], settings, where=f"variants.{name}, run {run}")
        training = _training(config, out, run, seed, resolved, chain[-1] if chain else None)
        chain.append(known.setdefault(training.key, training))
    last = chain[-1]
    if last.config.model.fusion is None and GRAPH_MODES & set(variant.modes):
        raise ConfigError(
            f"variants.{name}: {variant.chain[-1]} has no graph part, so it cannot be asked in mode fusion or graph",
            code="ablation-mode",
            hint="modes: [image]",
        )
    asked = "all" if config.limit is None else str(config.limit)
    return Cell(name, seed, tuple(chain), variant.modes, out / "evaluations" / f"{last.key}-{asked}")


def _check_patterns(name: str, variant: Variant) -> None:
    for pattern in variant.set:
        if not any(fnmatchcase(run, pattern) for run in variant.chain):
            raise ConfigError(
                f"variants.{name}.set: {pattern!r} fits none of its runs, {', '.join(variant.chain)}",
                code="ablation-pattern",
                hint="name a run of the chain, or a pattern such as stage2*",
            )


def _settings(variant: Variant, run: str) -> dict[str, Any]:
    """Dotted keys that are set in one run of a variant; later patterns win."""
    fitting = (keys for pattern, keys in variant.set.items() if fnmatchcase(run, pattern))
    return {key: value for keys in fitting for key, value in keys.items()}


def _resolved(file: Path, settings: Mapping[str, Any], *, where: str) -> TrainConfig:
    """The run file with a variant's settings; JSON is YAML, which is what overrides are read as."""
    overrides = [f"{key}={orjson.dumps(value).decode()}" for key, value in settings.items()]
    try:
        return load_config(TrainConfig, file, overrides=overrides).value
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", code=error.code, hint=error.hint) from None


def _training(
    config: AblationConfig, out: Path, run: str, seed: int, resolved: TrainConfig, after: Training | None
) -> Training:
    trainer = resolved.trainer.model_copy(update={"seed": seed, "threads": config.threads})
    bed_name = bed_key(config.bed, seed)
    told = given(resolved.model_copy(update={"trainer": trainer}))
    told = {name: value for name, value in told.items() if name not in ("out", "init_from")}
    key = digest(config=told, bed=bed_name, after=after.key if after else None)
    bed = out / "beds" / f"{seed}-{bed_name}"
    data = resolved.data.model_copy(
        update={
            "train": tuple(bed / file for file in resolved.data.train),
            "validation": tuple(bed / file for file in resolved.data.validation),
            "roots": (bed,),
        }
    )
    folders = {"out": out / "runs" / f"{run}-{seed}-{key}", "init_from": after.config.out if after else None}
    placed = resolved.model_copy(update={"trainer": trainer, "data": data, **folders})
    return Training(run, seed, placed, after, bed)
