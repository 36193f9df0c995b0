"""Splits of whole files: what is written, byte for byte, and that nothing is in two parts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from PIL import Image

from tests.records.helpers import TEXT, case, retrieval, user
from tests.records.split.towns import decoded, lines, row, town, write_rows
from ugembed.errors import UgembedError
from ugembed.files import read_manifest
from ugembed.geo.cells import cell_ids
from ugembed.geo.geodesy import distance_m
from ugembed.records.output_names import is_side_list
from ugembed.records.split import SplitConfig, SplitSummary, split

NAMES = ("train", "validation", "test")


def run(out: Path, *files: Path, by: str = "image", **more: Any) -> SplitSummary:
    return split(SplitConfig.model_validate({"files": files, "out": out, "by": by, **more}))


def refusal(out: Path, *files: Path, **more: Any) -> UgembedError:
    with pytest.raises(UgembedError) as error:
        run(out, *files, **more)
    assert not out.exists()
    assert error.value.hint
    return error.value


def parts(out: Path) -> dict[str, list[dict[str, Any]]]:
    return {name: decoded(out / f"{name}.jsonl") for name in NAMES}


def coordinates(rows: list[dict[str, Any]]) -> np.ndarray:
    return np.array([(row["place"]["lon"], row["place"]["lat"]) for row in rows])


def test_every_row_is_in_one_part_byte_for_byte_and_in_order(tmp_path: Path) -> None:
    rows = [orjson.dumps(one) for one in town(200)]
    rows[3] = rows[3].replace(b'","', b'" , "') + b"\r"  # spaces and line ends stay as they are
    file = write_rows(tmp_path, *rows, b"", b"  ")
    file.write_bytes(file.read_bytes() + orjson.dumps(row("last.jpg", 8.54, 47.37)))  # without a line end
    summary = run(tmp_path / "out", file)
    given = [line for line in lines(file) if line.strip()]
    given[-1] += b"\n"
    written = [lines(tmp_path / "out" / f"{name}.jsonl") for name in NAMES]
    assert sorted(line for part in written for line in part) == sorted(given)
    assert all([line for line in given if line in set(part)] == part for part in written)
    assert [part.rows for part in summary.parts] == [len(part) for part in written]
    assert [part.share for part in summary.parts] == pytest.approx([0.8, 0.1, 0.1], abs=0.01)


def test_rows_of_one_image_stay_together(tmp_path: Path) -> None:
    run(tmp_path / "out", write_rows(tmp_path, *town(200)))
    images = {name: {one["images"][0] for one in rows} for name, rows in parts(tmp_path / "out").items()}
    assert sum(map(len, images.values())) == len(set.union(*images.values())) == 200


def test_files_are_cut_alike_and_keep_their_names(tmp_path: Path) -> None:
    """What is one image in one file is that image in the other."""
    rows = town(120)
    (tmp_path / "data").mkdir()
    one = write_rows(tmp_path / "data", *rows[:120], name="stage1.jsonl")
    two = write_rows(tmp_path / "data", *rows[120:], name="stage2.jsonl")
    run(tmp_path / "out", tmp_path / "data")
    for name in NAMES:
        images = [[r["images"] for r in decoded(tmp_path / "out" / name / file.name)] for file in (one, two)]
        assert images[0] == images[1] != []


def test_the_same_rows_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    file = write_rows(tmp_path, *town(60))
    for out, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(tmp_path / out, file, seed=seed)
    names = [f"{name}.jsonl" for name in NAMES] + ["map.png"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    assert (tmp_path / "a" / "test.jsonl").read_bytes() != (tmp_path / "c" / "test.jsonl").read_bytes()


def test_cells_are_never_cut_and_the_facts_list_them(tmp_path: Path) -> None:
    summary = run(tmp_path / "out", write_rows(tmp_path, *town(500)), by="cell", level=14)
    cells = {
        name: set(cell_ids(*coordinates(rows).T, level=14).tolist()) for name, rows in parts(tmp_path / "out").items()
    }
    assert sum(map(len, cells.values())) == len(set.union(*cells.values())) > 60
    facts = orjson.loads((tmp_path / "out" / "split.json").read_bytes())
    assert {name: {int(token.ljust(16, "0"), 16) for token in own} for name, own in facts["whole"].items()} == cells
    assert [part.cells for part in summary.parts] == [len(own) for own in cells.values()]
    assert (facts["by"], facts["level"], facts["seed"], facts["left_out"]) == ("cell", 14, 0, 0)
    assert read_manifest(tmp_path / "out", kind="split", verify=True)["inputs"] == facts["inputs"]


def test_a_buffer_parts_the_places_and_what_gives_way_is_kept(tmp_path: Path) -> None:
    rows = town(600)
    out = tmp_path / "out"
    summary = run(out, write_rows(tmp_path, *rows), by="cell", level=13, buffer_m=150)
    place = {name: coordinates(own) for name, own in parts(out).items()}
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        apart = distance_m(*place[one].T[:, :, None], *place[other].T[:, None]).min()
        assert apart >= 150
        assert summary.nearest_m[f"{one} / {other}"] == pytest.approx(apart, abs=1e-6)
    left_out = decoded(out / "left-out.jsonl")
    assert summary.left_out == len(left_out) == len(rows) - sum(len(own) for own in place.values()) > 0
    assert summary.parts[2].left_out == 0 < summary.parts[0].left_out
    assert is_side_list(out / "left-out.jsonl")
    whole = run(tmp_path / "whole", tmp_path / "rows.jsonl", by="cell", level=13)
    assert parts(out)["test"] == parts(tmp_path / "whole")["test"]  # the last part never gives way
    assert min(whole.nearest_m.values()) < 150


def test_cities_are_whole_by_field_or_by_distance(tmp_path: Path) -> None:
    rows = town(40) + town(20, lon=9.19, lat=45.46, seed=1) + town(15, lon=-179.99, lat=-17.0, seed=2)
    run(tmp_path / "near", write_rows(tmp_path, *rows), by="city")
    assert {name: {r["id"][0] for r in own} for name, own in parts(tmp_path / "near").items()}.keys() == set(NAMES)
    cities = [{r["id"][0] for r in own} for own in parts(tmp_path / "near").values()]
    assert sorted(map(len, cities)) == [1, 1, 1]
    named = [{**one, "city": "north" if one["place"]["lat"] > 47.37 else one["id"][0]} for one in rows]
    run(tmp_path / "named", write_rows(tmp_path, *named, name="named.jsonl"), by="city")
    facts = orjson.loads((tmp_path / "named" / "split.json").read_bytes())
    assert sorted(name for own in facts["whole"].values() for name in own) == ["0", "1", "2", "north"]


def test_pictures_of_positives_and_right_candidates_join_rows_and_others_do_not(tmp_path: Path) -> None:
    shown = {"positive_messages": [user("<image>")], "positive_images": ["far.jpg"]}
    rows = [row("a.jpg", 0, 0, **shown), row("b.jpg", 0, 0, **shown)]
    rows += [row(f"{i}.jpg", 0, 0, negative_messages=[user("<image>")], negative_images=["all.jpg"]) for i in range(20)]
    rows += [row("all.jpg", 0, 0)]
    summary = run(tmp_path / "out", write_rows(tmp_path, *rows), fractions={"train": 0.5, "test": 0.5})
    together = [{r["images"][0] for r in decoded(tmp_path / "out" / f"{name}.jsonl")} for name in ("train", "test")]
    assert any({"a.jpg", "b.jpg"} <= own for own in together)
    assert sum(part.units for part in summary.parts) == 22
    assert summary.shown_elsewhere == 1
    assert any("negatives" in warning for warning in summary.warnings())
    cases = [retrieval(candidates=["gold.jpg", f"{i}.jpg"], ground_truth="gold.jpg") for i in range(9)]
    cases += [case(images=f"{i}.jpg") for i in range(20, 29)]
    summary = run(tmp_path / "cases", write_rows(tmp_path, *cases, name="cases.jsonl"), fractions={"a": 0.5, "b": 0.5})
    assert sum(part.units for part in summary.parts) == 10


def test_rows_of_text_and_rows_without_places_can_be_split_by_image(tmp_path: Path) -> None:
    texts = [{"text": f"corner {i % 30}"} for i in range(60)]
    texts += [{"text": f"{i}", "graphs": f"{i % 5}.json"} for i in range(20)]
    file = write_rows(tmp_path, *texts)
    file.write_bytes(file.read_bytes() + orjson.dumps(texts[0]))  # equal to the first but for its end
    summary = run(tmp_path / "out", file)
    assert sum(part.units for part in summary.parts) == 35  # equal lines, and rows of one graph, stay together
    assert summary.nearest_m == {}
    with Image.open(tmp_path / "out" / "map.png") as picture:
        assert picture.size == (640, 480)


def test_explicit_groups_stay_together(tmp_path: Path) -> None:
    rows = [row(f"{i}.jpg", 0, 0, group=f"street {i % 9}") for i in range(90)]
    run(tmp_path / "out", write_rows(tmp_path, *rows))
    groups = [{r["group"] for r in own} for own in parts(tmp_path / "out").values()]
    assert sum(map(len, groups)) == 9


def test_a_part_that_is_far_from_what_was_wished_is_told(tmp_path: Path) -> None:
    rows = [row(f"{i}.jpg", 0, 0, group="all" if i < 60 else str(i)) for i in range(100)]
    summary = run(tmp_path / "out", write_rows(tmp_path, *rows), fractions={"a": 0.5, "b": 0.5})
    assert any("has 60 of 100" in warning for warning in summary.warnings())


@pytest.mark.parametrize(
    ("rows", "more", "code"),
    [
        ([{"text": "no place"}], {"by": "cell"}, "split-place"),
        ([{"text": "no place"}], {"by": "city"}, "split-place"),
        ([{"text": "no place"}], {"buffer_m": 10}, "split-place"),
        ([row("a.jpg", 0, 0)] * 9, {}, "split-too-few"),
        (town(50), {"by": "city"}, "split-too-few"),
        (town(50, metres=900), {"by": "cell", "buffer_m": 5000, "level": 15}, "split-part-empty"),
        ([], {}, "no-rows"),
        ([b"{"], {}, "json-broken"),
        ([row("a.jpg", 0, 0, positive_messages=[])], {}, "positive-missing"),
        (town(5), {"fractions": {"train": 0.8, "test": 0.1}}, "fractions-sum"),
        (town(5), {"fractions": {"train": 1.0}}, "fractions-broken"),
        (town(5), {"fractions": {"train": 1.5, "test": -0.5}}, "fractions-broken"),
        (town(5), {"fractions": {"../train": 0.5, "test": 0.5}}, "fractions-broken"),
        (town(5), {"fractions": {"left-out": 0.5, "test": 0.5}}, "fractions-broken"),
        (town(5), {"fractions": {"Index": 0.5, "test": 0.5}}, "fractions-broken"),  # a list beside graphs, no rows
        (town(5), {"fractions": {"Test": 0.5, "test": 0.5}}, "fractions-broken"),
        (town(5), {"fractions": {}}, "fractions-broken"),
    ],
)
def test_what_cannot_be_split_is_refused(tmp_path: Path, rows: list[Any], more: dict[str, Any], code: str) -> None:
    assert refusal(tmp_path / "out", write_rows(tmp_path, *rows), **more).code == code


def test_the_row_without_a_place_is_named(tmp_path: Path) -> None:
    rows = [row("a.jpg", 0, 0), {"messages": user("<image>"), "images": "b.jpg", "positive_messages": [TEXT]}]
    error = refusal(tmp_path / "out", write_rows(tmp_path, *rows), by="cell")
    assert "rows.jsonl:2: no place" in error.message
    assert "--by image" in error.hint


def test_rows_that_name_their_city_need_no_place(tmp_path: Path) -> None:
    rows = [{"text": f"corner {i}", "city": "abc"[i % 3]} for i in range(30)]
    file = write_rows(tmp_path, *rows)
    run(tmp_path / "out", file, by="city")
    assert [len({r["city"] for r in own}) for own in parts(tmp_path / "out").values()] == [1, 1, 1]
    assert refusal(tmp_path / "other", file, by="city", buffer_m=10).code == "split-place"
    placed = {"text": "x", "place": {"lon": 0, "lat": 0}}
    error = refusal(tmp_path / "other", write_rows(tmp_path, *rows, placed, name="mixed.jsonl"), by="city")
    assert (error.code, "mixed.jsonl:31: no city" in error.message) == ("city-missing", True)
    error = refusal(tmp_path / "other", write_rows(tmp_path, {"text": "x"}, name="none.jsonl"), by="city")
    assert (error.code, '"city"' in error.hint) == ("split-place", True)


def test_a_file_name_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"rows\xff.jsonl")
    file.write_text('{"text": "a"}\n', encoding="utf-8")
    assert refusal(tmp_path / "out", file).code == "split-input"


def test_missing_files_folders_without_rows_and_used_outputs_are_refused(tmp_path: Path) -> None:
    file = write_rows(tmp_path, *town(9))
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "out", tmp_path / "none.jsonl").code == "file-missing"
    assert refusal(tmp_path / "out", tmp_path / "empty").code == "split-input"
    with pytest.raises(UgembedError) as error:
        run(tmp_path, file)
    assert error.value.code == "output-exists"
