"""What an ablation leaves to read: results.jsonl, the tables as Markdown and as a page, and their place in the docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ugembed.ablate.answers import Table, result_lines
from ugembed.ablate.tables import Report, TextTable
from ugembed.errors import StoreError
from ugembed.files import write_atomic, write_jsonl
from ugembed.pages import write_html

RESULTS, TABLE, PAGE = "results.jsonl", "table.md", "table.html"


def write_results(folder: Path, table: Table, report: Report) -> None:
    """Write ``results.jsonl`` (one line a row, seed and group of questions), ``table.md`` and ``table.html``."""
    write_jsonl(folder / RESULTS, result_lines(table))
    write_atomic(folder / TABLE, markdown(report).encode())
    write_html(
        folder / PAGE,
        "ugembed.ablate",
        name=folder.name,
        note=report.note,
        tables=report.tables,
        missing=report.missing,
    )


def write_into(page: Path, name: str, report: Report) -> None:
    """Replace what stands in a page between ``<!-- ablate NAME -->`` and ``<!-- end of ablate NAME -->``.

    Raises:
        StoreError: ``ablation-markers`` when the page is not there or lacks one of the two lines.
    """
    first, last = f"<!-- ablate {name} -->", f"<!-- end of ablate {name} -->"
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    before, begins, rest = text.partition(first)
    _, ends, after = rest.partition(last)
    if not begins or not ends:
        raise StoreError(
            f"{page}: lacks the lines {first} and {last}",
            code="ablation-markers",
            hint="write both into the page, the first above the second, where the table shall stand",
        )
    write_atomic(page, f"{before}{first}\n\n{markdown(report)}\n{last}{after}".encode())


def markdown(report: Report) -> str:
    """How it was counted, all tables, and what is missing."""
    lines = [report.note, ""]
    for table in report.tables:
        lines += [f"**{table.title}**", "", *_table_lines(table), ""]
    if report.missing:
        lines += ["Not run: " + "; ".join(report.missing) + ".", ""]
    return "\n".join(lines)


def _table_lines(table: TextTable) -> Iterator[str]:
    yield _line(table.header)
    yield _line(("---", *("--:" for _ in table.header[1:])))
    for number, row in enumerate(table.rows):
        yield _line((f"*{row[0]}*", *row[1:])) if number in table.headings else _line(row)


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
