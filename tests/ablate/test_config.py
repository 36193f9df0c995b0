"""Variants like others, and names that are not there."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.ablate.synthetic import ABLATION, ablation


def test_a_variant_like_another_takes_what_it_does_not_say() -> None:
    config = ablation(
        variants=ABLATION["variants"]
        | {"third": {"like": "other", "modes": ["graph"], "set": {"stage2": {"trainer.max_steps": 3}}}}
    )
    whole = config.whole("third")
    assert (whole.chain, whole.modes, whole.group) == (("stage1", "stage2"), ("graph",), "")
    assert whole.set == {"stage2": {"model.graph_encoder.layers": 1, "trainer.max_steps": 3}}
    assert [str(row) for row in config.rows()] == ["one · image", "two · fusion", "other · fusion", "third · graph"]


def test_what_a_variant_sets_itself_wins() -> None:
    variants = ABLATION["variants"] | {"third": {"like": "other", "set": {"stage2": {"model.graph_encoder.layers": 7}}}}
    assert ablation(variants=variants).whole("third").set == {"stage2": {"model.graph_encoder.layers": 7}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"baseline": {"variant": "tow"}}, "did you mean 'two'"),
        ({"baseline": {"variant": "one"}}, "'fusion' does not exist"),
        ({"variants": {"two": {"chain": ["stage3"], "modes": ["fusion"]}}}, "did you mean 'stage"),
        ({"variants": {"two": {"chain": ["stage2"]}}}, "needs chain and modes"),
        ({"variants": {"two": {"like": "twin"}}}, "'twin' does not exist"),
        ({"variants": {"two": {"like": "three"}, "three": {"like": "two"}}}, "circle: two → three → two"),
        ({"bed": {"candidates": [10, 20]}}, "20, and any number of larger ones"),
        ({"bed": {"candidates": [100]}}, "20, and any number of larger ones"),
        ({"goals": [{"text": "x", "row": {"variant": "two"}, "candidates": 100, "at_least": 5}]}, "'100' does not"),
        ({"goals": [{"text": "x", "row": {"variant": "six"}, "at_least": 5}]}, "goals.0.row.variant"),
    ],
)
def test_names_that_are_not_there_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", r"\(")):
        ablation(**changes)
