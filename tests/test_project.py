"""The house as a whole: what every file must be, and that every shipped run file is looked at."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from ugembed.cli.config import RUN_FILES, run_file_model
from ugembed.cli.machine import locked_versions
from ugembed.config import load_config
from ugembed.graphs.recipe import GraphRecipe

HERE = Path(__file__).resolve().parent
PYTHON = sorted(
    path
    for folder in ("ugembed", "tests", "docs", "scripts", "perf", "fuzz", "faults")
    for path in (HERE.parent / folder).rglob("*.py")
)
CONFIGS = HERE.parent / "configs"
FULL_SIZE = {"stage1.yaml", "stage2.yaml", "eval.yaml", "embed.yaml", "build_graphs.yaml"}
MAX_LINES = 400
MAX_FUNCTION = 60
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|work|farm|home/\w+)/")
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK")) + r")\b")


def dangers(tree: ast.AST) -> Iterator[str]:
    """What must not stand anywhere: code run from data, shells, and errors that vanish."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            yield from (f"line {node.lineno}: {name}" for name in names if name.partition(".")[0] in ("pickle", "dill"))
        elif isinstance(node, ast.Call):
            if ast.unparse(node.func) in ("torch.load", "yaml.load", "os.system"):
                yield f"line {node.lineno}: {ast.unparse(node.func)}"
            flags = [
                word.arg for word in node.keywords if isinstance(word.value, ast.Constant) and word.value.value is True
            ]
            yield from (f"line {node.lineno}: {flag}" for flag in flags if flag in ("shell", "trust_remote_code"))
        elif isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body):
            yield f"line {node.lineno}: an exception swallowed"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("import {}", "pickle"),
        ("from {} import loads", "pickle"),
        ("{}.load('x')", "torch"),
        ("{}.load(text)", "yaml"),
        ("run('ls', {}=True)", "shell"),
        ("AutoModel.from_pretrained('x', {}=True)", "trust_remote_code"),
        ("try:\n    x()\nexcept ValueError:\n    {}", "pass"),
    ],
)
def test_every_danger_is_recognised(line: str, word: str) -> None:
    assert len(list(dangers(ast.parse(line.format(word))))) == 1


def test_no_file_holds_a_danger() -> None:
    assert len(PYTHON) > 100
    found = {path: list(dangers(ast.parse(path.read_text(encoding="utf-8")))) for path in PYTHON}
    makers = HERE / "graphs" / "legacy"  # tests of the importer of pickles make some
    left = {
        path.name: [what for what in each if not (path.is_relative_to(makers) and what.endswith(": pickle"))]
        for path, each in found.items()
    }
    assert {name: what for name, what in left.items() if what} == {}


def test_every_package_folder_says_what_it_is(root: Path) -> None:
    folders = {path.parent for path in (root / "ugembed").rglob("*.py")}
    silent = [
        folder.relative_to(root).as_posix()
        for folder in sorted(folders)
        if not (folder / "__init__.py").is_file()
        or not ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_module_says_what_it_is() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in PYTHON}
    assert [name for name, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))] == []


def test_files_and_functions_stay_small(root: Path) -> None:
    long_files = [path.name for path in PYTHON if len(path.read_text(encoding="utf-8").splitlines()) > MAX_LINES]
    long_functions = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in PYTHON
        if path.is_relative_to(root / "ugembed")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.body[0].lineno >= MAX_FUNCTION
    ]
    assert (long_files, long_functions) == ([], [])


def test_no_text_names_a_machine_or_leaves_a_thought_unfinished(root: Path) -> None:
    pages = [*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("configs/**/*.yaml"), *root.glob("*.t[ox]*t")]
    others = [root / "Makefile", root / ".ci" / "run", root / "constraints.txt", *root.glob("scripts/*.sh")]
    found = [
        f"{path.name}:{number}"
        for path in [*PYTHON, *pages, *others]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (MACHINE_PATH.search(line) or UNFINISHED.search(line)) and path != Path(__file__).resolve()
    ]
    assert found == []


def test_every_direct_dependency_is_locked_within_its_range(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [
        Requirement(text) for text in [*project["dependencies"], *extras["dev"], *extras["deepspeed"], *extras["docs"]]
    ]
    locked = locked_versions(root / "constraints.txt")
    astray = [str(need) for need in wanted if not need.specifier.contains(locked.get(need.name.lower(), "0"))]
    unpinned = [need.name for need in wanted if need.name.lower() not in locked]
    assert (astray, unpinned) == ([], [])


def test_constraints_name_no_build_and_no_place(root: Path) -> None:
    lines = [line for line in (root / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)] == []


def test_the_licence_is_the_whole_apache_licence(root: Path) -> None:
    text = (root / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert "9. Accepting Warranty or Additional Liability" in text


def run_files() -> list[str]:
    """Every file below configs/, whatever its name."""
    return sorted(path.relative_to(CONFIGS).as_posix() for path in CONFIGS.rglob("*") if path.is_file())


def test_the_shipped_run_files_are_there() -> None:
    names = run_files()
    assert set(names) >= FULL_SIZE
    assert any(name.startswith("smoke/") for name in names)


@pytest.mark.parametrize("name", run_files())
def test_a_shipped_run_file_is_valid_for_the_verb_of_its_first_line(name: str) -> None:
    """The first line is the command that runs the file: ``# ugembed train stage1 --config configs/stage1.yaml``."""
    file = CONFIGS / name
    first = file.read_text(encoding="utf-8").partition("\n")[0]
    command = re.fullmatch(r"# ugembed ([a-z-]+)\b.*", first)
    assert command, f"configs/{name}: the first line must be '# ugembed VERB …', not {first!r}"
    assert command[1] in RUN_FILES
    resolved = load_config(GraphRecipe if "--recipe" in first else run_file_model(command[1]), file)
    assert any(origin.startswith(str(file)) for _, _, origin in resolved.flat())
