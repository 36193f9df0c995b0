"""Pictures that are in training and in validation files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ugembed.records.checking.across import image_in_both
from ugembed.records.checking.columns import Column, Table, distinct
from ugembed.records.report import Problem


class ImagesOfSides:
    """The pictures of training files and of validation files, in whatever order the files come."""

    def __init__(self) -> None:
        self._training: Column = np.zeros(0, np.int64)
        self._validation: list[tuple[Path, Column, Column]] = []

    def add(self, path: Path, table: Table, *, is_training: bool, is_validation: bool) -> None:
        if is_training:
            shown = distinct(table["image"]), distinct(table["more_images"][:, 1])
            self._training = distinct(np.concatenate([self._training, *shown]))
        elif is_validation:
            self._validation.append((path, *table.files("image")))

    def warnings(self) -> list[Problem]:
        found = (image_in_both(path, lines, images, self._training) for path, lines, images in self._validation)
        return [warning for warning in found if warning is not None]
