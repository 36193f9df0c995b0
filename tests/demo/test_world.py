"""The whole demo data through the real doors: files, graphs, rows, benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.demo.conftest import SMALL, write_everything
from ugembed.compose.candidates import FAR_M, NEAR_M
from ugembed.demo.benchmark import KIN
from ugembed.demo.world import write_tasks, write_world
from ugembed.errors import DataError, StoreError
from ugembed.files import read_manifest
from ugembed.geo.geodesy import distance_m
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.case import RankingCase
from ugembed.records.pair import Pair
from ugembed.records.points import read_points
from ugembed.records.roots import Roots
from ugembed.records.uge_jsonl import read_cases, read_pairs

FAMILIES = ("geolocation", "retrieval", "perception")


def pairs(out: Path, name: str) -> list[Pair]:
    return list(read_pairs(out / "rows" / f"{name}.jsonl", Roots((out,))))


def cases(out: Path, name: str) -> list[RankingCase]:
    return list(read_cases(out / "benchmark" / f"{name}_with_graph.jsonl", Roots((out,))))


def splits(out: Path) -> dict[str, str]:
    lines = (out / "world" / "points.csv").read_text(encoding="utf-8").splitlines()[1:]
    return {line.split(",")[0]: line.rsplit(",", 1)[1] for line in lines}


def benchmark_files(out: Path) -> list[str]:
    folder = out / "benchmark"
    return [str(path.relative_to(folder)).removesuffix("_with_graph.jsonl") for path in sorted(folder.rglob("*.jsonl"))]


def test_points_are_readable_and_every_one_has_its_picture(written: Path) -> None:
    points = read_points(written / "world" / "points.csv")
    assert len(points) == 71
    assert all((written / "world" / point.image).is_file() for point in points)


def test_the_same_configuration_writes_the_same_bytes(written: Path, tmp_path: Path) -> None:
    again = write_everything(SMALL, tmp_path / "again")
    files = [path.relative_to(written) for path in sorted(written.rglob("*")) if path.is_file()]
    assert len(files) > 150
    for name in files:
        assert (written / name).read_bytes() == (again / name).read_bytes(), name
    for part in ("world", "renamed", "rows", "benchmark"):
        read_manifest(written / part, kind=f"demo-{part}", verify=True)


@pytest.mark.parametrize(
    ("stage", "graphs", "least"),
    [
        ("stage1", 0, 2),
        ("stage1_seen", 0, 1),
        ("stage1_perception", 0, 1),
        ("stage2", 1, 1),
        ("stage2_perception", 1, 1),
        ("stage2_spatial", 1, 1),
        ("stage2_around", 1, 0),
    ],
)
def test_rows_come_only_from_their_split_and_carry_their_graph(
    written: Path, stage: str, graphs: int, least: int
) -> None:
    split = splits(written)
    for suffix, wanted in (("", "train"), ("_validation", "validation")):
        rows = pairs(written, stage + suffix)
        assert len(rows) >= least * sum(value == wanted for value in split.values())
        assert {split[row.group] for row in rows} == {wanted}
        assert all(len(row.query.graphs) == graphs for row in rows)
        assert all(row.query.images[0].stem == row.group for row in rows)
        graphs_of = {graph.stem: row.group for row in rows for graph in row.query.graphs}
        assert all(graph == group or graph.rpartition("-")[0] == group for graph, group in graphs_of.items())


def test_the_names_asked_in_stage_two_are_in_the_graph_of_the_row_and_not_in_the_city(written: Path) -> None:
    known = {
        node.attributes["name"]
        for graph in (written / "graphs").glob("v*.json")
        for node in UrbanGraph.read(graph).nodes
    }
    rows = pairs(written, "stage2_spatial")
    for row in rows:
        names = {node.attributes["name"] for node in UrbanGraph.read(row.query.graphs[0]).nodes}
        assert {item.text for item in (*row.positives, *row.negatives)} <= names
    answers = {row.positives[0].text for row in rows}
    assert len(answers & known) < 0.05 * len(answers)  # a stem of one word may be drawn again


def test_a_wrong_description_differs_from_the_right_one_in_names_alone_or_in_what_is_seen_alone(written: Path) -> None:
    rows = [row for row in pairs(written, "stage2") if len(row.negatives) == 3]
    assert len(rows) > 30
    for row in rows:
        right, places, streets, sight = (item.text for item in (*row.positives, *row.negatives))
        assert len({right, places, streets, sight}) == 4
        for named in (places, streets):
            assert [word for word in right.split() if word.islower()] == [
                word for word in named.split() if word.islower()
            ]
        names = {str(node.attributes["name"]) for node in UrbanGraph.read(row.query.graphs[0]).nodes}
        assert {name for name in names if name in right} == {name for name in names if name in sight} != set()


def test_a_picture_asked_for_is_set_against_another_one_beside_the_same_graph(written: Path) -> None:
    rows = [row for row in pairs(written, "stage2_retrieval") if row.negatives]
    assert len(rows) > 30
    for row in rows:
        right, wrong = row.positives[0], row.negatives[0]
        assert right.graphs == wrong.graphs
        assert right.images != wrong.images
        assert right.images[0].stem == row.group


def test_wrong_judgements_have_the_reasons_of_another_place(written: Path) -> None:
    rows = [row for row in pairs(written, "stage2_perception") if len(row.negatives) == 2]
    assert len(rows) > 30
    for row in rows:
        (seen, around), *wrong = (item.text.split(": ")[1].split("; ") for item in (*row.positives, *row.negatives))
        assert wrong[0][0] != seen
        assert wrong[0][1] == around
        assert wrong[1][0] == seen
        assert wrong[1][1] != around or row.positives[0].text.split(":")[0] != row.negatives[1].text.split(":")[0]


def test_no_answer_stands_in_its_question(written: Path) -> None:
    for name in ("stage1", "stage1_seen", "stage2", "stage2_perception", "stage2_spatial", "stage2_around"):
        assert all(row.positives[0].text not in row.query.text for row in pairs(written, name))
    for name in benchmark_files(written):
        if not name.startswith("retrieval"):
            for case in cases(written, name):
                assert case.candidates[case.gold].text not in case.query.text


def test_every_case_has_twenty_candidates_of_its_split(written: Path) -> None:
    split = splits(written)
    names = benchmark_files(written)
    assert {name.split("/")[0] for name in names} == {*FAMILIES, "spatial_reasoning"}
    assert sum("by_type_heldout" in name for name in names) >= 3
    for name in names:
        for case in cases(written, name):
            assert len(case.candidates) == 20
            wanted = "unseen" if "unseen" in name else "heldout"
            assert split[case.query.id] == wanted
            assert all(split[image.stem] == wanted for item in case.candidates for image in item.images)


@pytest.mark.parametrize("split", ["heldout", "unseen"])
def test_other_pictures_and_graphs_are_of_places_100_to_1000_metres_from_the_right_one(
    written: Path, split: str
) -> None:
    place = {point.id: point.place for point in read_points(written / "world" / "points.csv")}
    for case in cases(written, f"retrieval/{split}"):
        assert case.query.graphs == ()
        right = case.candidates[case.gold].images[0].stem
        for k, item in enumerate(case.candidates):
            shown = {item.images[0].stem, item.graphs[0].stem}
            assert (k == case.gold) == (shown == {right})
            for other in shown - {right}:
                away = distance_m(place[right].lon, place[right].lat, place[other].lon, place[other].lat)
                assert NEAR_M <= float(away) <= FAR_M


@pytest.mark.parametrize("split", ["heldout", "unseen"])
def test_the_graph_is_not_enough_to_tell_the_right_picture(written: Path, split: str) -> None:
    same = []
    for case in cases(written, f"retrieval/{split}"):
        right = case.candidates[case.gold]
        same.append(sum(item.graphs == right.graphs for item in case.candidates) - 1)
        assert len({item.images for item in case.candidates}) == len(case.candidates)
    assert max(same) == KIN
    assert sum(count >= KIN - 1 for count in same) > 0.8 * len(same)


@pytest.mark.parametrize("split", ["heldout", "unseen"])
def test_half_of_a_judgement_is_not_enough_to_tell_the_right_one(written: Path, split: str) -> None:
    seen, around = [], []
    for case in cases(written, f"perception/{split}"):
        halves = [item.text.split(": ")[1].split("; ") for item in case.candidates]
        seen.append(sum(half[0] == halves[case.gold][0] for half in halves) - 1)
        around.append(sum(half[1] == halves[case.gold][1] for half in halves) - 1)
    for same in (seen, around):
        assert sum(count >= KIN - 1 for count in same) > 0.8 * len(same)


def test_geolocation_and_retrieval_ask_for_the_same_description(written: Path) -> None:
    described = {case.query.id: case.candidates[case.gold].text for case in cases(written, "geolocation/unseen")}
    for case in cases(written, "retrieval/unseen"):
        assert case.query.text.endswith(described[case.query.id])


def test_spatial_answers_can_be_read_in_the_graph(written: Path) -> None:
    checked = 0
    for name in benchmark_files(written):
        for case in cases(written, name) if name.startswith("spatial") else []:
            graph = UrbanGraph.read(case.query.graphs[0])
            assert case.candidates[case.gold].text in {node.attributes["name"] for node in graph.nodes}
            checked += 1
    assert checked > 100


def test_tasks_of_another_configuration_are_refused(written: Path) -> None:
    with pytest.raises(DataError) as caught:
        write_tasks(SMALL.model_copy(update={"unseen_images": 20}), written, written / "graphs")
    assert caught.value.code == "world-differs"


def test_an_existing_world_is_not_overwritten(written: Path) -> None:
    with pytest.raises(StoreError) as caught:
        write_world(SMALL, written)
    assert caught.value.code == "output-exists"
