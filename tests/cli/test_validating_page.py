"""docs/validating.md shows real messages: each mistake is made, and each cure tried, as the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from PIL import Image
from typer.testing import CliRunner

from ugembed.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "validating.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


class Mistake(NamedTuple):
    """A section of the page: the broken row, the command, what it prints first, and what cures it (kind and text)."""

    title: str
    row: str
    command: str
    output: str
    cures: list[tuple[str, str]]


def mistakes() -> list[Mistake]:
    page = PAGE.read_text(encoding="utf-8").partition("## Five mistakes")[2]
    found = []
    for section in page.split("\n### ")[1:]:
        (first, row), (second, command), (third, output), *cures = BLOCK.findall(section)
        assert (first, second, third) == ("json", "bash", "text")
        found.append(Mistake(section.partition("\n")[0], row, command, output, cures))
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the page says are there; the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("images", "graphs"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (640, 480), "grey").save(tmp_path / "images" / f"{name}.jpg")
    (tmp_path / "images" / "c.jpg").write_text("<html><body>503 Service Unavailable</body></html>\n")
    nodes = [
        {"node_id": "a", "coords": [103.8501, 1.3002], "node_text": "Name: mapillary image"},
        {"node_id": "b", "coords": [103.8503, 1.3002], "node_text": "Name: Oak Street, Category: street"},
    ]
    graph = {"nodes": nodes, "edges": [{"source": "a", "target": "b", "type": "nearest"}], "center_node": "a"}
    (tmp_path / "graphs" / "a.json").write_bytes(orjson.dumps(graph))
    return tmp_path


def run(command: str, row: str) -> tuple[int, str]:
    """Exit status and output of a command of the page when its row file holds the row."""
    program, verb, file, *options = shlex.split(command)
    assert (program, verb) == ("ugembed", "validate-data")
    Path(file).write_text(row, encoding="utf-8")
    done = CliRunner().invoke(app, [verb, file, *options])
    return done.exit_code, done.stdout


def test_there_are_five() -> None:
    assert len(mistakes()) == 5


@pytest.mark.parametrize("mistake", mistakes(), ids=lambda mistake: mistake.title)
@pytest.mark.usefixtures("folder")
def test_the_page_shows_what_the_command_prints(mistake: Mistake) -> None:
    status, output = run(mistake.command, mistake.row)
    assert status == 1
    assert output.partition("\n\n")[0] + "\n" == mistake.output
    assert "hint: " in mistake.output


@pytest.mark.parametrize("mistake", mistakes(), ids=lambda mistake: mistake.title)
def test_the_cure_cures(folder: Path, mistake: Mistake) -> None:
    row, command = mistake.row, mistake.command
    for kind, text in mistake.cures:
        row, command = (text, command) if kind == "json" else (row, text)
    if not mistake.cures:  # the broken picture: it is fetched again
        (folder / "images" / "c.jpg").write_bytes((folder / "images" / "b.jpg").read_bytes())
    status, output = run(command, row)
    assert status == 0, output
    assert "no errors" in output
