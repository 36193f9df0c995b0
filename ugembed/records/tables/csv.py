"""CSV tables: comma, semicolon or tab, with a header line."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from ugembed.errors import DataError
from ugembed.records.tables.files import all_of, broken

_DELIMITERS = ",;\t"


class CsvTable:
    """A CSV file, read row by row; of its columns only the wanted ones are kept."""

    geometry_first = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = array("Q")
        _, header = next(_rows(path), (0, []))
        self.names: Sequence[str] = [name.strip() for name in header]

    def rows(self, names: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """See `Table`; a short row counts as filled up with blanks.

        Raises:
            DataError: ``points-broken``, ``points-row``.
        """
        width = len(self.names)
        wanted = itemgetter(*(self.names.index(name) for name in names), 0)  # one more: of one it gives no tuple
        values: list[tuple[str, ...]] = []
        faults: list[DataError] = []
        for line, cells in islice(_rows(self._path), 1, None):
            if len(cells) != width:
                faults += self._too_long(line, cells)
                cells += [""] * (width - len(cells))
            values.append(wanted(cells))
            self._lines.append(line)
        if faults:
            raise all_of(faults)
        return values

    def where(self, row: int) -> str:
        """See `Table`."""
        return f"line {self._lines[row]}"

    def _too_long(self, line: int, cells: Sequence[str]) -> Iterator[DataError]:
        """An unquoted delimiter moves every later cell into the wrong column; blank cells at the end do no harm."""
        if any(cell.strip() for cell in cells[len(self.names) :]):
            what = f"{self._path}: line {line}: {len(cells)} cells, but the first line has {len(self.names)}"
            yield DataError(what, code="points-row", hint="put cells that hold a delimiter into double quotes")


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line where it ends, cells) of every row that is not blank, the header first."""
    line = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            before, first = next(((i, text) for i, text in enumerate(file) if text.strip()), (0, ""))
            reader = csv.reader(chain([first], file), delimiter=max(_DELIMITERS, key=first.count), strict=True)
            for cells in reader:
                line = before + reader.line_num
                if cells:
                    yield line, cells
    except UnicodeDecodeError as error:
        raise broken(path, f"not UTF-8 text: {error}") from None
    except csv.Error as error:
        raise broken(path, f"after line {line}: {error}") from None
