"""A bed that was stopped half-way is taken up, and ends in the same files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ugembed.ablate import bed as module
from ugembed.ablate.bed import bed_key, is_made, make_bed
from ugembed.ablate.config import BedConfig
from ugembed.ablate.questions import QuestionFile
from ugembed.ablate.work import question_files
from ugembed.demo.model import CityConfig
from ugembed.demo.world import SIGHT
from ugembed.files import read_manifest
from ugembed.graphs.recipe import GraphRecipe

BED = BedConfig(
    city=CityConfig(
        districts=1, unseen_districts=0, images_per_district=2, heldout_per_district=24, validation_per_district=1,
        district_m=700, pois_per_district=60, landmarks_per_district=6,
    ),
    recipe=GraphRecipe.model_validate(SIGHT),
    candidates=(20, 21),
)  # fmt: skip
SEED = 5


def content(folder: Path) -> dict[str, bytes]:
    """Every file of rows and questions, and the pictures' names."""
    assert is_made(folder)
    read_manifest(folder, kind="ablation-bed", verify=True)
    chosen = [path for part in ("rows", "questions", "world/images") for path in (folder / part).rglob("*.*")]
    assert len(chosen) > 30
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in chosen if path.name != "manifest.json"}


def test_a_stopped_bed_is_taken_up_and_ends_in_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_questions", stop)
        with pytest.raises(KeyboardInterrupt):
            make_bed(BED, SEED, tmp_path / "bed")
    assert not (tmp_path / "bed").exists()
    with monkeypatch.context() as patch:
        patch.setattr(module, "write_world", stop)  # pictures and graphs are there already
        patch.setattr(module, "build_graphs", stop)
        make_bed(BED, SEED, tmp_path / "bed")
    make_bed(BED, SEED, tmp_path / "whole")
    assert content(tmp_path / "bed") == content(tmp_path / "whole")
    files = [QuestionFile.parse(file.name) for file in question_files(tmp_path / "bed")]
    assert {file.split for file in files} == {"heldout"}
    assert {file.family for file in files if file.candidates == 21} == {"geolocation", "retrieval"}
    assert {file.kind for file in files if file.family == "spatial_reasoning"} >= {"direction_distance"}


def test_a_seed_has_its_own_bed() -> None:
    assert bed_key(BED, 1) != bed_key(BED, 2)
    assert bed_key(BED, 1) == bed_key(BED.model_copy(), 1)
