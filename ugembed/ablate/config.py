"""What an ablation is: a city, runs to train, variants of them, and what is asked of each."""

from __future__ import annotations

from typing import Any, Literal, Self, TypeAlias

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from ugembed.ablate.names import known
from ugembed.compose.candidates import CANDIDATES
from ugembed.demo.model import CityConfig
from ugembed.graphs.recipe import GraphRecipe
from ugembed.registry import Config

Mode: TypeAlias = Literal["image", "text", "fusion", "graph"]
"""The query modes of ``ugembed eval``, and ``graph``: as fusion, but no picture is shown."""
Split: TypeAlias = Literal["heldout", "unseen"]
Metric: TypeAlias = Literal["hit@1", "hit@5", "ndcg@5", "mrr"]
GRAPH_MODES: frozenset[Mode] = frozenset({"fusion", "graph"})
"""Modes that show graphs: a model without a graph part cannot be asked in them."""


class BedConfig(Config):
    """What all variants of a seed share: a city with its pictures, graphs, training rows and questions."""

    city: CityConfig = Field(default_factory=CityConfig)
    """The city; its own ``seed`` is replaced by each of the ablation's."""
    recipe: GraphRecipe = GraphRecipe()
    """What a local graph holds. The demo's is ``{streets: names, radius_m: 250, max_nodes: 32}``."""
    candidates: tuple[PositiveInt, ...] = (CANDIDATES,)
    """Answers to choose from. Beside the benchmark's own number, larger ones ask geolocation and retrieval again."""

    @model_validator(mode="after")
    def _candidates_are_the_benchmarks_or_more(self) -> Self:
        if CANDIDATES not in self.candidates or min(self.candidates) < CANDIDATES:
            raise ValueError(f"candidates: {CANDIDATES}, and any number of larger ones")
        return self


class RowRef(Config):
    """A row of the table: a variant, asked in one mode."""

    variant: str
    """Name of the variant."""
    mode: Mode = "fusion"
    """How it was asked."""

    def __str__(self) -> str:
        return f"{self.variant} · {self.mode}"


class Variant(Config):
    """One model of the table: which runs are trained one after the other, and what is changed in them."""

    group: str = ""
    """Heading of the table under which it stands."""
    like: str | None = None
    """A variant whose ``chain``, ``modes`` and ``set`` are taken where none are given here."""
    chain: tuple[str, ...] = ()
    """Names of ``runs``, each starting from the weights of the one before."""
    modes: tuple[Mode, ...] = ()
    """How its last run is asked."""
    set: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Run name, or a pattern such as ``stage2*``, to dotted keys of the run file and their values."""


class Goal(Config):
    """A figure to reach; every listed family and split must reach it."""

    text: str
    """What must hold."""
    row: RowRef
    """Of which model."""
    minus: RowRef | None = None
    """Compared with which other one; none for the figure itself."""
    families: tuple[str, ...] = ("all",)
    """Families, ``all``, or one kind of question, such as ``spatial_reasoning/direction_distance``."""
    splits: tuple[Split, ...] = ("heldout",)
    """Where the pictures were taken: training districts, or an unseen one."""
    candidates: PositiveInt = CANDIDATES
    """Answers to choose from."""
    metric: Metric = "hit@5"
    """Which metric."""
    at_least: float
    """Points (per cent) to reach; of a difference, 0 wants it above 0."""
    p_below: PositiveFloat | None = None
    """Largest p of the paired bootstrap that a difference may have."""


class AblationConfig(Config):
    """A run file of ``ugembed ablate``."""

    bed: BedConfig = Field(default_factory=BedConfig)
    """What all variants share."""
    runs: dict[str, str] = Field(min_length=1)
    """Name to a run file of ``ugembed train``, a path from this file's folder. The files named in it are the bed's
    (``rows/stage1.jsonl``); ``out``, ``init_from``, ``data.roots``, ``trainer.seed`` and ``trainer.threads`` are set
    by the ablation."""
    variants: dict[str, Variant] = Field(min_length=1)
    """The models of the table, by name, in its order."""
    baseline: RowRef
    """The row that all others are compared with."""
    goals: tuple[Goal, ...] = ()
    """Figures to reach, read off the table."""
    seeds: tuple[NonNegativeInt, ...] = Field(default=(1, 2, 3, 4, 5), min_length=1)
    """Each is another city, with other names, and another start of training."""
    limit: PositiveInt | None = None
    """Questions asked of every file; none: all."""
    batch_size: PositiveInt = 64
    """Items encoded at once when questions are asked."""
    threads: PositiveInt = 1
    """CPU threads of each training; the bits of a result depend on them."""
    samples: PositiveInt = 10_000
    """Resamples of the bootstrap: the smallest p is 2 / (samples + 1)."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for name in self.variants:
            variant = self.whole(name)
            if not variant.chain or not variant.modes:
                raise ValueError(f"variants.{name} needs chain and modes, or another variant to be like")
            known(variant.chain, self.runs, f"variants.{name}.chain")
        rows = {"baseline": self.baseline} | {f"goals.{k}.row": goal.row for k, goal in enumerate(self.goals)}
        rows |= {f"goals.{k}.minus": goal.minus for k, goal in enumerate(self.goals) if goal.minus is not None}
        for place, row in rows.items():
            known([row.variant], self.variants, f"{place}.variant")
            known([row.mode], self.whole(row.variant).modes, f"{place}.mode (of {row.variant})")
        for k, goal in enumerate(self.goals):
            known([str(goal.candidates)], list(map(str, self.bed.candidates)), f"goals.{k}.candidates")
        return self

    def whole(self, name: str) -> Variant:
        """A variant with everything that it takes over from others.

        Raises:
            ValueError: ``like`` names none, or leads in a circle.
        """
        seen, variant = [name], self.variants[name]
        while variant.like is not None:
            known([variant.like], self.variants, f"variants.{seen[-1]}.like")
            if variant.like in seen:
                raise ValueError(f"variants.{name}.like leads in a circle: {' → '.join([*seen, variant.like])}")
            seen.append(variant.like)
            other = self.variants[variant.like]
            variant = Variant(
                group=variant.group,
                like=other.like,
                chain=variant.chain or other.chain,
                modes=variant.modes or other.modes,
                set=_merged(other.set, variant.set),
            )
        return variant

    def rows(self) -> list[RowRef]:
        """All rows of the table, in its order."""
        return [RowRef(variant=name, mode=mode) for name in self.variants for mode in self.whole(name).modes]


def _merged(under: dict[str, dict[str, Any]], over: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Both, later patterns after earlier ones; where both set a key of one pattern, ``over`` wins."""
    return {pattern: {**under.get(pattern, {}), **over.get(pattern, {})} for pattern in (*under, *over)}
