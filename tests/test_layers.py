"""The line of imports: a folder imports only from its left, and starting the command line loads nothing heavy."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

LINE = (
    "errors progress collector files archives registry config pages < geo < records < graphs < compose losses sampling "
    "< models < embed < eval < train < demo < ablate < cli"
)
HEAVY = {"torch", "transformers", "torch_geometric", "peft", "faiss"}
HEAVY |= {"osmium", "scipy", "shapely", "matplotlib", "numba"}
GROUND = LINE.split(" < ")[0].split()  # single files; here neighbours may import from their left
RANK = {name: rank for rank, names in enumerate(LINE.split(" < ")[1:], start=len(GROUND)) for name in names.split()}
RANK |= {name: rank for rank, name in enumerate(GROUND)}


def imported(file: Path, package: str) -> list[tuple[str, int]]:
    """(module or attribute, line) of every import in a file, also those for type checking and inside functions."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -node.level + 1 or None] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            found += [(f"{start}.{alias.name}", node.lineno) for alias in node.names]
    return found


def against_the_line(package: Path) -> list[str]:
    """``file:line: layer imports layer`` of every import that does not point to the left."""
    found = []
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        if len(parts) == 2 and parts[1] in ("__init__", "__main__"):
            continue  # the public names, imported when asked for
        own = parts[1]
        for module, line in imported(file, ".".join(parts[:-1])):
            words = module.split(".")
            if words[0] == "ugembed" and len(words) > 1 and words[1] != own and RANK.get(words[1], -1) >= RANK[own]:
                found.append(f"{file.relative_to(package.parent)}:{line}: {own} imports {words[1]}")
    return found


def test_every_folder_imports_only_from_its_left(root: Path) -> None:
    assert len(list((root / "ugembed").rglob("*.py"))) > 50  # the files were found
    assert against_the_line(root / "ugembed") == []


def test_every_folder_and_file_has_its_place_in_the_line(root: Path) -> None:
    names = {
        path.stem for path in (root / "ugembed").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert names - {"__init__", "__main__"} == set(RANK)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("geo/a.py", "from ugembed.records.item import Item"),
        ("losses/a.py", "import ugembed.sampling.base"),
        ("eval/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ugembed.train import config"),
        ("models/backbones/a.py", "def late():\n    from ...embed import encode"),
        ("files.py", "from ugembed import config"),
    ],
)
def test_an_import_to_the_right_is_found_wherever_it_hides(tmp_path: Path, file: str, text: str) -> None:
    path = tmp_path / "ugembed" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert len(against_the_line(tmp_path / "ugembed")) == 1


@pytest.mark.parametrize("start", ["import ugembed", "from ugembed.cli.app import app; app(['--help'])"])
def test_starting_loads_nothing_heavy(start: str) -> None:
    program = (
        f"try:\n    {start}\nexcept SystemExit: pass\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(run.stdout.splitlines()[-1])}
    assert "ugembed" in loaded
    assert loaded & HEAVY == set()
