"""How fractions are written."""

from __future__ import annotations

import pytest

from ugembed.errors import ConfigError
from ugembed.records.split import parse_fractions
from ugembed.records.split.config import check_fractions


def test_fractions_are_read_in_their_order() -> None:
    found = parse_fractions("test=0.25, train = 0.75")
    assert list(found.items()) == [("test", 0.25), ("train", 0.75)]
    check_fractions(found)


def test_thirds_are_one_as_far_as_numbers_go() -> None:
    check_fractions({name: 1 / 3 for name in "abc"})
    check_fractions({str(i): 0.1 for i in range(10)})


@pytest.mark.parametrize(
    "text", ["", "train", "train=", "train=x", "train=nan", "a=0.5,a=0.5", "a=0.5;b=0.5", "a=0.5,"]
)
def test_what_is_not_name_and_number_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_fractions(text)
    assert error.value.code == "fractions-broken"
    assert "train=0.8" in error.value.hint


@pytest.mark.parametrize("share", [0.0, 1.0, float("inf"), float("nan")])
def test_shares_lie_between_0_and_1(share: float) -> None:
    with pytest.raises(ConfigError) as error:
        check_fractions({"a": share, "b": 0.5})
    assert error.value.code == "fractions-broken"
