"""Which names are found, under which root, and which are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugembed.archives import write_archive
from ugembed.errors import DataError
from ugembed.records import listings
from ugembed.records.checking.named_files import NamedFiles, identity
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


@pytest.mark.parametrize("first", ["link", "folder", "fifo", "file"])
def test_listed_names_are_found_where_a_look_at_the_disk_finds_them(tree: Path, first: str) -> None:
    """b.jpg is a plain file in the second root; in the first it is something else."""
    place = tree / "one" / "b.jpg"
    if first == "link":
        place.symlink_to(tree / "two" / "a.jpg")
    elif first == "folder":
        place.mkdir()
    elif first == "fifo":
        os.mkfifo(place)
    else:
        place.touch()
    roots = Roots((tree / "one", tree / "two"))
    expected = place if first in ("link", "file") else tree / "two" / "b.jpg"
    assert roots.resolve("b.jpg") == expected
    assert roots.resolve("b.jpg") == expected


@pytest.mark.parametrize("name", ["null", "pipe", "loop.jpg", "folder", "gone/x.jpg", "a.jpg/x", "folder/../../a.jpg"])
def test_only_regular_files_inside_are_files(tree: Path, name: str) -> None:
    root = tree / "one"
    (root / "null").symlink_to("/dev/null")
    os.mkfifo(root / "pipe")
    (root / "loop.jpg").symlink_to(root / "loop.jpg")
    (root / "folder").mkdir()
    assert Roots((root,)).listings.find(name) is None
    assert refusal(Roots((root,)), name).code in ("path-escapes", "image-missing", "path-broken")


def test_a_device_in_a_root_is_not_a_file() -> None:
    assert refusal(Roots((Path("/dev"),)), "null").code == "image-missing"


def test_files_under_a_linked_folder_are_looked_at_with_care(tree: Path) -> None:
    (tree / "one" / "away").symlink_to(tree / "outside")
    assert Roots((tree / "one",)).listings.find("away/c.jpg") is None
    assert refusal(Roots((tree / "one",)), "away/c.jpg").code == "path-escapes"
    both = Roots((tree / "one", tree / "outside"))
    found = both.listings.find("away/c.jpg")
    assert found is not None
    assert (found.path, Path(found.real)) == (tree / "one" / "away/c.jpg", (tree / "outside" / "c.jpg").resolve())


@pytest.mark.parametrize("most", [400_000, 1])
def test_a_file_has_one_identity_under_all_its_names(tree: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Also in folders that are too large to be listed."""
    monkeypatch.setattr(listings, "MAX_LISTED", most)
    (tree / "two" / "link.jpg").symlink_to(tree / "two" / "a.jpg")
    files = NamedFiles(Roots((tree,)))
    real = (tree / "two" / "a.jpg").resolve()
    for name in ("two/a.jpg", "./two/a.jpg", str(tree / "two" / "a.jpg")):
        assert files.plain(name, "image") == identity(str(real))
        assert files.careful(name, "image")[1] == identity(str(real))
    for name in ("two/link.jpg", "one/../two/a.jpg"):
        assert files.plain(name, "image") == 0
        assert files.careful(name, "image")[1] == identity(str(real))
    assert files.plain("two/gone.jpg", "image") == 0


def test_graphs_in_an_archive_are_listed_and_found(tree: Path) -> None:
    write_archive(tree / "one" / "part-0000.zip", [("v.json", b"{}")])
    roots = Roots((tree / "one",))
    assert roots.listings.find("part-0000.zip/v.json") is not None
    assert roots.resolve("part-0000.zip/v.json", "graph") == tree / "one" / "part-0000.zip" / "v.json"
    assert refusal(roots, "part-0000.zip/w.json", "graph").code == "graph-missing"
    (tree / "one" / "broken.zip").write_bytes(b"PK")
    assert refusal(roots, "broken.zip/v.json", "graph").code == "archive-broken"


def test_a_file_that_comes_later_is_found(tree: Path) -> None:
    roots = Roots((tree / "one",))
    assert refusal(roots, "new.jpg").code == "image-missing"
    (tree / "one" / "new.jpg").touch()
    assert roots.resolve("new.jpg") == tree / "one" / "new.jpg"


@given(
    st.lists(st.sampled_from(["a.jpg", "b.jpg", "one", "two", "..", ".", "", "c.jpg", "outside", "\0", "data:", "x:"]))
)
def test_what_listings_find_is_what_the_disk_says(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    folder = tmp_path_factory.getbasetemp() / "listings"
    for name in ("one/a.jpg", "two/a.jpg", "two/b.jpg", "outside/c.jpg", "one/data:"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    roots, name = Roots((folder / "one", folder / "two")), "/".join(parts)
    found = roots.listings.find(name)
    if found is not None:
        assert roots._search(name, "image").samefile(found.path)
        assert found.path.resolve().parent.name in ("one", "two")
