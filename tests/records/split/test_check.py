"""The check after a split finds every kind of leak, planted here."""

from __future__ import annotations

import numpy as np
import pytest

from ugembed.errors import DataError
from ugembed.records.item import Place
from ugembed.records.split.check import check_parts
from ugembed.records.split.rows import Rows, _Reader
from ugembed.records.split.sources import Entry


def part(*entries: Entry) -> Rows:
    reader = _Reader("")
    for entry in entries:
        reader.add(entry)
    return reader.rows((len(entries),))


def at(lon: float, *images: str, **more: object) -> Entry:
    return Entry("here", Place(lon, 0.0), images, **more)  # type: ignore[arg-type]


SOUND = {"train": part(at(0.0, "a"), at(0.1, "b")), "test": part(at(0.2, "c", others=("a", "x")))}


def leak(parts: dict[str, Rows], **more: object) -> str:
    with pytest.raises(DataError) as error:
        check_parts(parts, **{"whole": {}, "apart_m": 0.0, **more})  # type: ignore[arg-type]
    assert error.value.code == "split-leak"
    return error.value.message


def test_a_sound_split_passes_with_its_figures() -> None:
    checked = check_parts(SOUND, whole={"train": np.array([1, 2]), "test": np.array([3])}, apart_m=11_000.0)
    assert checked.nearest_m == {"train / test": pytest.approx(11131.9, abs=0.1)}
    assert checked.shown_elsewhere == 1  # a, but not x, which is nowhere a row's own


def test_parts_without_places_have_no_distance() -> None:
    rows = part(Entry("here", None, ("d",)))
    assert check_parts({"train": SOUND["train"], "test": rows}, whole={}, apart_m=0.0).nearest_m == {}


def test_a_shared_picture_is_found() -> None:
    assert "1 pictures or groups" in leak({**SOUND, "test": part(at(0.5, "b", "z"))})


def test_a_shared_group_is_found_also_one_that_is_another_rows_picture() -> None:
    assert "pictures or groups" in leak({**SOUND, "test": part(at(0.5, "z", group="b"))})


def test_a_shared_cell_is_found() -> None:
    assert "cells or cities" in leak(SOUND, whole={"train": np.array([1, 2]), "test": np.array([2])})


def test_places_that_are_too_near_are_found() -> None:
    assert "11131.9 m apart" in leak(SOUND, apart_m=11_200.0)
