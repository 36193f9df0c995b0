"""Which cases the page shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ugembed.eval.report.entries import Entry, by_split, star_and_baseline
from ugembed.eval.results import CaseRank


@dataclass(frozen=True, slots=True)
class Example:
    """A case with how one or two entries answered it; the first is the one shown off, the second its baseline."""

    split: str
    answered: tuple[tuple[Entry, CaseRank], ...]

    @property
    def is_contrast(self) -> bool:
        """Exactly one of the two put the right answer first."""
        firsts = [case.rank == 1 for _, case in self.answered]
        return len(set(firsts)) == 2

    @property
    def star_is_right(self) -> bool:
        return self.answered[0][1].rank == 1


def choose_examples(entries: Sequence[Entry], count: int) -> list[Example]:
    """Up to ``count`` cases: mostly those the star gets right and the baseline wrong, then the reverse, then others.

    Splits and files take turns, so that one easy file does not fill the page.
    """
    examples = [example for split, members in by_split(entries).items() for example in _paired(split, members)]
    contrasts = [example for example in examples if example.is_contrast]
    wins = _take_turns(example for example in contrasts if example.star_is_right)
    losses = _take_turns(example for example in contrasts if not example.star_is_right)
    agreed = [example for example in examples if not example.is_contrast]
    both_right = _take_turns(example for example in agreed if example.star_is_right)
    both_wrong = _take_turns(example for example in agreed if not example.star_is_right)
    losses = losses[: count // 3]
    wins = wins[: count - len(losses)]
    left = count - len(wins) - len(losses)
    wrong = both_wrong[: max(left // 2, left - len(both_right))]
    return [*wins, *losses, *both_right[: left - len(wrong)], *wrong]


def _paired(split: str, members: Sequence[Entry]) -> Iterator[Example]:
    star, baseline = star_and_baseline(members)
    others = {(case.file, case.line): case for case in baseline.evaluation.cases} if baseline else {}
    for case in star.evaluation.cases:
        twin = others.get((case.file, case.line))
        if baseline and twin:
            yield Example(split, ((star, case), (baseline, twin)))
        else:
            yield Example(split, ((star, case),))


def _take_turns(examples: Iterable[Example]) -> list[Example]:
    queues: dict[tuple[str, str], list[Example]] = {}
    for example in examples:
        queues.setdefault((example.split, example.answered[0][1].file), []).append(example)
    longest = max(map(len, queues.values()), default=0)
    return [queue[turn] for turn in range(longest) for queue in queues.values() if turn < len(queue)]
