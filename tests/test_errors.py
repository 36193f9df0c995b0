"""Errors carry a code and a hint, and typos get an answer."""

from __future__ import annotations

import pytest

from ugembed.errors import ConfigError, DataError, GraphError, UgembedError, did_you_mean


def test_an_error_keeps_message_code_and_hint() -> None:
    error = GraphError("g.json: nodes[3]: no coords", code="coords-missing", hint="add them")
    assert (str(error), error.code, error.hint) == ("g.json: nodes[3]: no coords", "coords-missing", "add them")
    assert isinstance(error, DataError)


def test_a_wrong_command_exits_otherwise_than_wrong_data() -> None:
    assert (UgembedError.exit_status, DataError.exit_status, ConfigError.exit_status) == (1, 1, 2)


@pytest.mark.parametrize(
    ("word", "known", "answer"),
    [
        ("epocs", ["epochs", "steps"], "did you mean 'epochs'?"),
        ("zzz", ["b", "a"], "known: a, b"),
        ("zzz", [], ""),
    ],
)
def test_a_typo_is_answered_with_the_nearest_word(word: str, known: list[str], answer: str) -> None:
    assert did_you_mean(word, known) == answer
