"""The pages say what the program does: generated pages are fresh, quoted commands exist, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from docs.generate import PAGES, commands
from ugembed.cli.app import app

ROOT = Path(__file__).resolve().parent.parent
PAGE_FILES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")])
BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
VERBS = dict(commands(get_command(app)))


def quoted(text: str) -> list[list[str]]:
    """Arguments of every ``ugembed …`` command in the code blocks of a page, also those started by torchrun."""
    found = []
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True) if "ugembed " in line else []
            start = next((i for i, word in enumerate(words) if word in ("ugembed", ".venv/bin/ugembed")), None)
            if start is not None and (start == 0 or words[start - 1] == "-m"):
                end = next((i for i, word in enumerate(words) if word in (">", "|", "&&")), len(words))
                found.append(words[start + 1 : end])
    return found


def refusal(arguments: list[str]) -> str:
    """What the command line says against arguments, without running them; empty when it takes them."""
    command, name, rest = get_command(app), "ugembed", arguments
    while rest and rest[0] in getattr(command, "commands", {}):
        command, name, rest = command.commands[rest[0]], f"{name} {rest[0]}", rest[1:]
    if name not in VERBS and rest not in (["--help"], ["--version"]):
        return f"no such verb: {shlex.join(arguments)}"
    try:
        command.make_context(name, list(rest), resilient_parsing="--help" in rest or "--version" in rest)
    except Exception as error:
        return f"{shlex.join(arguments)}: {error}"
    return ""


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_fresh(name: str) -> None:
    page = ROOT / "docs" / name
    assert page.is_file(), f"docs/{name} is not there: run `make docs`"
    assert page.read_text(encoding="utf-8") == PAGES[name](), f"docs/{name} is stale: run `make docs`"


@pytest.mark.parametrize("page", PAGE_FILES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_quoted_command_is_one_that_the_program_takes(page: Path) -> None:
    assert [answer for words in quoted(page.read_text(encoding="utf-8")) if (answer := refusal(words))] == []


def test_the_pages_quote_the_whole_road() -> None:
    shown = {words[0] for page in PAGE_FILES for words in quoted(page.read_text(encoding="utf-8")) if words}
    assert shown >= {"build-graphs", "validate-data", "train", "embed", "eval", "config", "doctor", "demo"}


@pytest.mark.parametrize(
    "arguments", [["trian"], ["train", "stage3"], ["train", "stage1", "--epoch", "3"], ["config", "show", "--for", "x"]]
)
def test_a_command_that_does_not_exist_is_noticed(arguments: list[str]) -> None:
    assert refusal(arguments)


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_shows_an_example_that_works(name: str) -> None:
    help_text = VERBS[name].help or ""
    assert "Example: ugembed " in help_text
    for example in re.findall(r"Example: ugembed (.*?)(?:\n\n|$)", help_text, re.DOTALL):
        words = shlex.split(example)
        assert f"ugembed {' '.join(words)}".startswith(name)
        assert refusal(words[: words.index(">")] if ">" in words else words) == ""


@pytest.mark.parametrize("page", PAGE_FILES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_index_lists_every_page() -> None:
    index = set(LINK.findall((ROOT / "docs" / "index.md").read_text(encoding="utf-8")))
    pages = {page.name for page in ROOT.glob("docs/*.md")} - {"index.md"}
    assert pages <= index


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        word
        for page in PAGE_FILES
        for word in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"setup", "demo", "test", "check"} <= named <= targets


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith(" test")
