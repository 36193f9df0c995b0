"""What only many rows together tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.records.helpers import TEXT, case, retrieval, stage1, stage2, user, write_rows
from ugembed.geo.geodesy import distance_m
from ugembed.graphs.validate import ValidateConfig, validate_files
from ugembed.records.checking.places import boxes_of_cities, swapped
from ugembed.records.report import Report


def report_of(*paths: Path, **options: Any) -> Report:
    return validate_files(ValidateConfig(paths=paths, **{"images": "none", "graphs": "none", **options}))


def warnings(*paths: Path, **options: Any) -> dict[str, str]:
    """Messages of the warnings by code; there must be one a code, and no error."""
    problems = report_of(*paths, **options).problems
    found = {problem.code: problem.message for problem in problems}
    assert len(found) == len(problems)
    assert all(problem.severity == "warning" and problem.hint for problem in problems)
    return found


def at(lon: float, lat: float, **changes: Any) -> dict[str, Any]:
    """A row at a place, different from rows at other places."""
    return stage1(messages=user(f"<image>{lon} {lat}"), place={"lon": lon, "lat": lat}, **changes)


def test_rows_that_say_the_same_are_counted_whatever_their_id(folder: Path) -> None:
    rows = [stage1(id="1"), stage1(), stage1(positive_messages=[user("other")]), stage1(images="./a.jpg", id="2")]
    path = write_rows(folder, *rows, stage1(negative_messages=[TEXT]), stage2())
    assert warnings(path) == {
        "row-duplicate": "in 2 row(s), first on lines 2, 4: says and shows the same as an earlier row"
    }
    assert report_of(path).duplicates == 2


def test_the_same_row_in_two_files_is_no_double(folder: Path) -> None:
    one, two = (write_rows(folder, stage1(), name=name) for name in ("one.jsonl", "two.jsonl"))
    assert report_of(one, two).duplicates == 0


@pytest.mark.parametrize("listed", [True, False])
def test_pictures_in_training_and_validation(folder: Path, listed: bool) -> None:
    training = write_rows(folder, stage1(), stage1(messages=user("<image><image>"), images=["a.jpg", "b.jpg"]))
    name = "held.jsonl" if listed else "val.jsonl"
    rows = [stage1(), stage1(images=[], messages=user("none")), stage1(images="./b.jpg")]
    validation = write_rows(folder, *rows, name=name)
    for order in ([training, validation], [validation, training]):
        found = warnings(*order, validation=(validation,) if listed else ())
        assert found == {"image-in-both": "in 2 row(s), first on lines 1, 3: a picture is also in a training file"}
    assert warnings(validation) == {}


@pytest.mark.parametrize(
    ("row", "is_copied"),
    [
        (stage1(messages=user("<image>Here is a bakery on the left.")), True),
        (stage1(messages=user("<image>Here"), positive_messages=[user("Here")]), False),
        (stage1(positive_messages=[user("Where?Where?Where?")]), False),
        (stage1(messages=user("<image>a bakery on the left"), positive_messages=[user("no"), TEXT]), True),
    ],
)
def test_answers_that_stand_in_their_query(folder: Path, row: dict[str, Any], is_copied: bool) -> None:
    assert ("answer-in-query" in warnings(write_rows(folder, row))) == is_copied


def test_the_right_candidate_in_the_question(folder: Path) -> None:
    copied = case(messages=user("<image>Oak Street or Long Pine Road?"), candidates=["Oak", "Long Pine Road"])
    path = write_rows(folder, {**copied, "ground_truth": "Oak"}, {**copied, "ground_truth": "Long Pine Road"})
    assert warnings(path) == {"answer-in-query": "in 1 row(s), on line 2: the text of the answer stands in the query"}


def test_a_query_with_the_graph_of_its_own_answer(folder: Path) -> None:
    row = retrieval(messages=user("<graph>"), graphs="b.json", candidate_graphs=["a.json", "b.json"])
    assert set(warnings(write_rows(folder, row))) == {"gold-leak", "text-empty"}
    row["candidate_graphs"] = ["b.json", "a.json"]
    assert set(warnings(write_rows(folder, row))) == {"text-empty"}


def test_rows_that_would_be_each_others_negatives(folder: Path) -> None:
    def row(number: int, **changes: Any) -> dict[str, Any]:
        return stage1(**{"messages": user(f"<image>{number}"), **changes})

    place = {"lon": 2.35, "lat": 48.86}
    rows = [
        row(1, group="one"),
        row(2, group="one"),
        row(3, group="two"),  # the picture of line 1
        row(4, images="b.jpg", place=place),
        row(5, images="b.jpg", place=place),
        row(6, images=[], messages=user("6"), place={"lon": 2.3500004, "lat": 48.8599996}),  # the place of line 4
        row(7, images="b.jpg", place={"lon": 2.350002, "lat": 48.86}),
    ]
    (message,) = warnings(write_rows(folder, *rows)).values()
    assert message.startswith("in 2 row(s), first on lines 3, 6: has the first picture or the place of an earlier row")
    assert warnings(write_rows(folder, *rows[:2], *rows[3:5])) == {}


def millionths(degrees: Any) -> Any:
    return np.round(degrees * 1e6).astype(np.int32)


def test_swapped_places_are_told_by_the_others_of_the_file(folder: Path) -> None:
    rows = [at(2.3 + number / 100, 48.8) for number in range(5)]
    path = write_rows(folder, *rows, at(48.81, 2.31), at(48.82, 2.32))
    assert list(warnings(path)) == ["place-swapped"]
    assert "first on lines 6, 7" in warnings(path)["place-swapped"]


def test_swapped_agrees_with_looking_at_every_place() -> None:
    lon, lat = np.array([2.3, 2.4, 48.8, 2.35, 10.0, 47.5]), np.array([48.8, 48.9, 2.3, 48.85, 10.0, 2.5])
    middle = sorted(lon)[2:4], sorted(lat)[2:4]
    near = [
        abs(a - sum(middle[0]) / 2) <= 1 and abs(b - sum(middle[1]) / 2) <= 1 for a, b in zip(lat, lon, strict=True)
    ]
    assert swapped(millionths(lon), millionths(lat)).tolist() == near


def test_cities_of_one_file_are_boxed(folder: Path) -> None:
    paris, singapore = [(2.3, 48.8), (2.4, 48.9), (2.35, 48.7)], [(103.8, 1.3), (103.9, 1.4)]
    path = write_rows(folder, *(at(lon, lat) for lon, lat in [*paris, *singapore]))
    assert warnings(path) == {
        "mixed-cities": "places in 2 areas more than 100 km apart (longitude, latitude): "
        "2.30 to 2.40, 48.70 to 48.90; 103.80 to 103.90, 1.30 to 1.40"
    }
    assert warnings(write_rows(folder, *(at(lon, lat) for lon, lat in paris))) == {}


def test_boxes_agree_with_joining_all_places_one_by_one() -> None:
    """Against the slow way: cells whose middles are within 100 km belong together, over any number of steps."""
    random = np.random.default_rng(1)
    lon, lat = random.uniform(170, 190, 120), random.uniform(-10, 10, 120)
    lon, lat = millionths(np.where(lon > 180, lon - 360, lon)) / 1e6, millionths(lat) / 1e6
    middle = (np.floor(lon * 4) + 0.5) / 4, (np.floor(lat * 4) + 0.5) / 4
    near = distance_m(middle[0][:, None], middle[1][:, None], *middle) <= 100_000
    group = np.arange(120)
    for _ in range(120):
        group = np.where(near, group[None, :], 120).min(axis=1)
    wanted = {
        (lon[group == one].min(), lat[group == one].min(), lon[group == one].max(), lat[group == one].max())
        for one in set(group.tolist())
    }
    boxes = boxes_of_cities(millionths(lon), millionths(lat))
    assert len(boxes) > 5
    assert set(boxes) == wanted


def test_places_away_from_their_graph(folder: Path) -> None:
    """The graph of a.json is around (103.85, 1.3)."""
    rows = [
        stage2(place={"lon": 103.858, "lat": 1.3}),
        stage2(messages=user("<graph><image>2"), place={"lon": 103.86, "lat": 1.3}),
        stage2(messages=user("<graph><image>3"), graphs="b.json", place={"lon": 103.85, "lat": 1.3}),
        stage1(place={"lon": 103.9, "lat": 1.3}),
    ]
    path = write_rows(folder, *rows)
    assert list(warnings(path, graphs="full")) == ["place-far-from-graph"]
    assert "first on lines 2, 3" in warnings(path, graphs="header")["place-far-from-graph"]
    assert warnings(path, graphs="none") == {}


@pytest.mark.parametrize("row", [stage2(messages=user("<graph>"), images=[])])
def test_a_graph_without_text_or_picture(folder: Path, row: dict[str, Any]) -> None:
    assert set(warnings(write_rows(folder, row))) == {"text-empty"}
    assert warnings(write_rows(folder, stage1(messages=user("<image>")))) == {}
