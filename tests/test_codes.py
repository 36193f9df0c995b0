"""docs/problems.md knows every code: what the scan of the source finds is all there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.codes import PACKAGE, PUT_TOGETHER, all_codes
from docs.problems import area_of, problems_page

TESTS = Path(__file__).resolve().parent
CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
WORDS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
SAID = all_codes()
CODES = {said.code for said in SAID}
MODULE = """
class DataError(Exception):
    def __init__(self, message, *, code, hint=""): ...

def _helper(where, what, code, hint) -> DataError:
    return DataError(f"{where}: {what}", code=code, hint=hint)

def given(x, error):
    raise DataError(f"{x} is wrong", code="literal", hint="right it")
    raise DataError("either", code="this" if x else "that", hint="")
    raise _helper(x, "helped", "by-position", "do")
    raise DataError("again", code=error.code, hint="")
"""


def test_every_written_code_is_found() -> None:
    """A plain search for the keyword finds nothing that the scan does not know, and the scan finds more."""
    texts = [path.read_text("utf-8") for path in PACKAGE.rglob("*.py")]
    written = {code for text in texts for code in re.findall(r'(?<![\w-])code="([^"]+)"', text)}
    assert len(written) > 100
    assert written < CODES


def test_every_code_is_kebab_case_and_says_something() -> None:
    assert [code for code in CODES if not CODE.fullmatch(code)] == []
    assert sorted(CODES - {said.code for said in SAID if said.message}) == []


def test_the_page_lists_every_code_once_an_area() -> None:
    page = problems_page()
    areas = [section.partition("\n") for section in page.split("\n## ")[1:]]
    listed = [
        (heading, code) for heading, _, body in areas for code in re.findall(r"^\| `([^`]+)` \|", body, re.MULTILINE)
    ]
    assert len(set(listed)) == len(listed)
    assert set(listed) == {(area_of(said.module), said.code) for said in SAID}


def test_the_scan_resolves_literals_choices_helpers_and_what_is_handed_through(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE)
    found = [(said.code, said.error, said.message, said.hint) for said in all_codes(tmp_path)]
    assert found == [
        ("literal", "DataError", "… is wrong", "right it"),
        ("this", "DataError", "either", ""),
        ("that", "DataError", "either", ""),
        ("by-position", "DataError", "helped", "do"),
    ]


@pytest.mark.parametrize("code", ['f"{kind}-unheard-of"', "CODES[kind]", "make_code(x)"])
def test_a_code_that_is_put_together_unannounced_is_refused(code: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE.replace('"by-position"', code))
    with pytest.raises(ValueError, match=re.escape("module.py:11")):
        all_codes(tmp_path)


def test_every_code_put_together_is_really_used() -> None:
    sources = "\n".join(ast.unparse(ast.parse(path.read_text("utf-8"))) for path in PACKAGE.rglob("*.py"))
    assert [source for source in PUT_TOGETHER if f"code={source}" not in sources] == []


def expected(tree: ast.AST) -> Iterator[str]:
    """Codes that a test compares an error's ``code`` with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(isinstance(side, ast.Attribute) and side.attr == "code" for side in sides):
                texts = [part.value for side in sides for part in ast.walk(side) if isinstance(part, ast.Constant)]
                yield from (text for text in texts if isinstance(text, str) and WORDS.fullmatch(text))


def test_every_code_that_a_test_expects_exists() -> None:
    awaited: set[tuple[str, str]] = set()
    for path in TESTS.rglob("test_*.py"):
        text = path.read_text("utf-8")
        made_here = set(re.findall(r'(?<![\w-])code="([^"]+)"', text))
        awaited |= {(path.name, code) for code in expected(ast.parse(text)) if code not in made_here}
    assert len(awaited) > 40
    assert [(name, code) for name, code in sorted(awaited) if code not in CODES] == []
