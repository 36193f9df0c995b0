"""Which names are found, under which root, and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ugembed.errors import DataError
from ugembed.records.roots import Roots


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("one/a.jpg", "two/a.jpg", "two/b.jpg", "outside/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def refusal(roots: Roots, name: str, kind: str = "image") -> DataError:
    with pytest.raises(DataError) as caught:
        roots.resolve(name, kind)
    assert caught.value.hint
    return caught.value


def test_the_first_root_that_has_the_file_wins(tree: Path) -> None:
    roots = Roots((tree / "one", tree / "two"))
    assert roots.resolve("a.jpg") == tree / "one" / "a.jpg"
    assert roots.resolve("b.jpg") == tree / "two" / "b.jpg"


def test_without_given_roots_the_data_folder_then_the_current_one_are_searched(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree / "two")
    roots = Roots.for_file(tree / "one" / "rows.jsonl")
    assert roots.resolve("a.jpg") == tree / "one" / "a.jpg"
    assert roots.resolve("b.jpg") == Path("b.jpg")


def test_given_roots_replace_the_default_ones(tree: Path) -> None:
    roots = Roots.for_file(tree / "one" / "rows.jsonl", [tree / "outside"])
    assert roots.resolve("c.jpg") == tree / "outside" / "c.jpg"
    assert refusal(roots, "a.jpg").code == "image-missing"


def test_a_given_root_must_exist(tree: Path) -> None:
    with pytest.raises(DataError) as caught:
        Roots.for_file(tree / "rows.jsonl", [tree / "gone"])
    assert caught.value.code == "root-missing"


def test_a_missing_file_is_told_with_every_root_tried(tree: Path) -> None:
    error = refusal(Roots((tree / "one", tree / "two")), "z.json", "graph")
    assert error.code == "graph-missing"
    assert str(tree / "one") in error.message
    assert str(tree / "two") in error.message
    assert "--root" in error.hint


@pytest.mark.parametrize("name", ["../outside/c.jpg", "/etc/passwd", "sub/../../outside/c.jpg", "../gone.jpg"])
def test_names_that_lead_out_of_all_roots_are_refused_even_if_they_exist(tree: Path, name: str) -> None:
    assert refusal(Roots((tree / "one",)), name).code == "path-escapes"


def test_the_hint_names_the_root_that_would_allow_the_name(tree: Path) -> None:
    roots = Roots((tree / "one",))
    assert refusal(roots, "../outside/c.jpg").hint.endswith(f"--root {(tree / 'outside').resolve()}")
    wider = Roots((*roots.folders, tree / "outside"))
    assert wider.resolve("../outside/c.jpg").samefile(tree / "outside" / "c.jpg")
    assert wider.resolve(str(tree / "outside" / "c.jpg")) == tree / "outside" / "c.jpg"


def test_a_link_out_of_the_roots_is_refused_until_its_goal_is_a_root(tree: Path) -> None:
    (tree / "one" / "link.jpg").symlink_to(tree / "outside" / "c.jpg")
    assert refusal(Roots((tree / "one",)), "link.jpg").code == "path-escapes"
    assert Roots((tree / "one", tree / "outside")).resolve("link.jpg") == tree / "one" / "link.jpg"


@pytest.mark.parametrize("name", ["https://example.org/a.jpg", "file:///etc/passwd", "data:image/png;base64,AAAA"])
def test_urls_are_refused(tree: Path, name: str) -> None:
    assert refusal(Roots((tree / "one",)), name).code == "path-url"


@pytest.mark.parametrize("name", ["", "  ", "a\0.jpg", "x" * 5000])
def test_names_that_no_file_can_have_are_refused_on_one_line(tree: Path, name: str) -> None:
    error = refusal(Roots((tree / "one",)), name)
    assert error.code == "path-broken"
    assert len(error.message) < 300


def test_a_folder_is_not_a_file(tree: Path) -> None:
    assert refusal(Roots((tree,)), "one").code == "image-missing"
