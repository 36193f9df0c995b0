"""Verbs through the real command line, in this process."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from ugembed.cli.app import app
from ugembed.errors import UgembedError


def run(*arguments: object) -> str:
    """What a command prints."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def refused(*arguments: object) -> str:
    """The code with which a command is refused; there must be a hint."""
    with pytest.raises(UgembedError) as caught:
        run(*arguments)
    assert caught.value.hint
    return caught.value.code
