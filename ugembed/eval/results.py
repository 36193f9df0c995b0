"""What an evaluation leaves behind: ``results.json`` (summaries) and ``ranks.jsonl`` (one line a case)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from ugembed.errors import StoreError
from ugembed.files import iter_lines, read_json, read_manifest, write_json, write_jsonl
from ugembed.registry import Config

KIND = "evaluation"
RESULTS = "results.json"
RANKS = "ranks.jsonl"
SCHEMA_VERSION = 1


class Shown(Config):
    """An item as the model saw it: text with tags, and where its pictures and graphs lie (null: only in memory)."""

    text: str
    images: tuple[str | None, ...] = ()
    graphs: tuple[str | None, ...] = ()


class Answer(Config):
    """A candidate with its cosine."""

    index: int
    """Position in the case's candidate list."""
    score: float
    item: Shown


class CaseRank(Config):
    """How one case went."""

    file: str
    """Name of the benchmark file in the tables."""
    line: int
    """1-based line in that file; 0 when unknown."""
    query_type: str
    rank: float
    """Expected rank of the right answer: 1 is first, ties count half."""
    pessimistic_rank: int
    """Its rank if every tie is lost."""
    candidates: int
    leak: bool
    """The query carries the right candidate's own graph."""
    query: Shown
    gold: Answer
    top: tuple[Answer, ...]
    """The best candidates, best first."""

    @property
    def better(self) -> int:
        """Candidates strictly above the right answer."""
        return round(2 * self.rank) - self.pessimistic_rank - 1

    @property
    def tied(self) -> int:
        """Other candidates level with it."""
        return self.pessimistic_rank - self.better - 1


class Summary(Config):
    """Averages over the cases of a file, a family, or everything."""

    name: str
    family: str = ""
    """Empty for the average of everything."""
    path: str = ""
    """Of a single file."""
    sha256: str = ""
    """Of a single file's bytes."""
    cases: int
    candidates: float
    """Mean number of candidates."""
    metrics: dict[str, float]
    """Shares in [0, 1]; ``mean_rank`` and ``pessimistic_rank`` are ranks."""
    chance: dict[str, float]
    """What a random order scores, exactly."""
    hit5_interval: tuple[float, float]
    """95 % bootstrap interval of ``hit@5``."""
    tied_cases: int
    leaks: int


class Evaluation(Config):
    """One model on one benchmark in one query mode."""

    schema_version: Literal[1] = 1
    ugembed_version: str
    model: str
    """Path or name of the model; empty when unknown."""
    fingerprint: str
    """Of its weights and configuration."""
    query_mode: Literal["image", "text", "fusion"]
    limit: int | None
    """Only the first so many rows of every file were used."""
    items: int
    """Queries and candidates of all cases."""
    distinct_items: int
    """So many of them were encoded, each once."""
    files: tuple[Summary, ...]
    families: tuple[Summary, ...]
    overall: Summary
    """Every case counts the same."""
    warnings: tuple[str, ...] = ()
    cases: tuple[CaseRank, ...] = Field(default=(), exclude=True, repr=False)
    """Kept in ``ranks.jsonl``."""

    def facts(self) -> dict[str, Any]:
        """Results without the cases, ready for JSON."""
        return self.model_dump(mode="json")


def write_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Write both files into ``folder``, the scratch folder of a `committed_directory`."""
    write_json(folder / RESULTS, evaluation.facts())
    write_jsonl(folder / RANKS, (case.model_dump(mode="json") for case in evaluation.cases))


def read_evaluation(folder: Path) -> Evaluation:
    """Open a committed evaluation folder, every byte checked.

    Raises:
        StoreError: ``manifest-missing``, ``wrong-kind``, ``damaged``, or ``results-broken`` for another schema version.
    """
    read_manifest(folder, kind=KIND, verify=True)
    try:
        evaluation = Evaluation.model_validate(read_json(folder / RESULTS))
        cases = tuple(CaseRank.model_validate_json(line) for _, line in iter_lines(folder / RANKS))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise StoreError(
            f"{folder}: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            code="results-broken",
            hint=f"this release reads schema_version {SCHEMA_VERSION}; evaluate again",
        ) from None
    return evaluation.model_copy(update={"cases": cases})
