"""`ugembed validate-data`: every problem of training, benchmark, embed and graph files, before any model is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ugembed.cli.options import AsJson, ConfigFile, Overrides, Roots
from ugembed.cli.output import print_json, progress, stderr
from ugembed.errors import ConfigError
from ugembed.progress import OnProgress

if TYPE_CHECKING:
    from ugembed.graphs.validate import ValidateConfig
    from ugembed.records.clean_copy import Copied
    from ugembed.records.report import Report
    from ugembed.records.rewrite import Rewritten

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATH", help="Row files (.jsonl), graph files (.json), or folders of both."),
]
Images = Annotated[
    Literal["none", "header", "decode"] | None,
    typer.Option(help="How far pictures are read; header if not given.", show_default=False),
]
Graphs = Annotated[
    Literal["none", "header", "full"] | None,
    typer.Option(help="How far graphs are read; full if not given.", show_default=False),
]
MaxGraphNodes = Annotated[
    int | None, typer.Option(help="Warn of graphs with more nodes; 1000 if not given.", show_default=False)
]
Validation = Annotated[
    list[Path] | None,
    typer.Option(
        help="Row file whose images must not be in training files; may be repeated. Files named like val, dev "
        "or test count without it.",
        show_default=False,
    ),
]
MaxProblems = Annotated[
    int | None, typer.Option(help="List at most this many problems; 200 if not given.", show_default=False)
]
Strict = Annotated[
    bool | None, typer.Option("--strict", help="Warnings count: exit 1 with them too.", show_default=False)
]
Workers = Annotated[int | None, typer.Option(help="Processes; all cores if not given or 0.", show_default=False)]
Html = Annotated[Path | None, typer.Option(help="Write the result as one page too, a file .html.", show_default=False)]
WriteClean = Annotated[
    Path | None,
    typer.Option(help="New folder for the accepted rows as they stand, and rejects.jsonl.", show_default=False),
]
FixPaths = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OLD=NEW",
        help="Write new row files in which names below the folder OLD start with NEW, then check those; "
        "'*=NEW' keeps only file names. Wants --out; may be repeated.",
        show_default=False,
    ),
]
Out = Annotated[Path | None, typer.Option(help="New folder for what --fix-paths writes.", show_default=False)]


def validate_data(
    paths: Paths = None,
    root: Roots = None,
    images: Images = None,
    graphs: Graphs = None,
    max_graph_nodes: MaxGraphNodes = None,
    validation: Validation = None,
    max_problems: MaxProblems = None,
    strict: Strict = None,
    workers: Workers = None,
    html: Html = None,
    write_clean: WriteClean = None,
    fix_paths: FixPaths = None,
    out: Out = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Print every problem of data files, with file, line, field, code and what to do; exit 1 if there is an error.

    Example: ugembed validate-data data/train.jsonl benchmark/ --root data/images
    """
    from ugembed.config import load_config
    from ugembed.graphs.validate import ValidateConfig

    flags = {
        "paths": paths or None,
        "roots": root or None,
        "images": images,
        "graphs": graphs,
        "max_graph_nodes": max_graph_nodes,
        "validation": validation or None,
        "max_problems": max_problems,
        "strict": strict,
        "workers": workers,
    }
    settings = load_config(ValidateConfig, config, overrides=overrides or (), flags=flags).value
    _check_html(html)
    rewritten = _rewrite(settings.paths, fix_paths or [], out)
    if rewritten is not None:
        settings = settings.model_copy(update={"paths": rewritten.files})
    report, copied = _check(settings, write_clean)
    if rewritten is not None:
        report = replace(report, problems=(*rewritten.problems(), *report.problems))
    if html is not None:
        _write_html(html, report, settings)
    _print(report, rewritten, copied, as_json=as_json)
    if report.errors or (settings.strict and report.warnings):
        raise typer.Exit(1)


def _check_html(html: Path | None) -> None:
    """Refuse a name that is none of a page: it could be that of the data, which the page would replace."""
    if html is not None and (html.suffix.lower() not in (".html", ".htm") or html.is_dir()):
        raise ConfigError(
            f"--html {html}: not the name of a page", code="html-name", hint="a page ends with .html: --html check.html"
        )


def _rewrite(paths: Sequence[Path], texts: Sequence[str], out: Path | None) -> Rewritten | None:
    """What ``--fix-paths`` and ``--out`` ask for, if they do."""
    if bool(texts) != (out is not None):
        raise ConfigError(
            "--fix-paths and --out go together",
            code="fix-paths-out",
            hint="--fix-paths OLD=NEW says what to change, --out DIR where the new files go",
        )
    if out is None:
        return None
    from ugembed.records.output_names import row_files
    from ugembed.records.path_rules import PathRule
    from ugembed.records.rewrite import rewrite_paths

    rules = [PathRule.parse(text) for text in texts]
    with progress("rewriting (kB)") as on_progress:
        return rewrite_paths(row_files(paths), out, rules=rules, on_progress=_in_kilobytes(on_progress))


def _check(settings: ValidateConfig, write_clean: Path | None) -> tuple[Report, Copied | None]:
    """The report, and with ``--write-clean`` what was copied."""
    from ugembed.graphs.validate import validate_files
    from ugembed.records.clean_copy import clean_copy

    with progress("checking (kB)") as on_progress:
        if write_clean is None:
            return validate_files(settings, _in_kilobytes(on_progress)), None
        with clean_copy(write_clean) as copy:
            report = validate_files(settings, _in_kilobytes(on_progress), on_rows=copy.add)
        return report, copy.counts()


def _in_kilobytes(on_progress: OnProgress) -> OnProgress:
    """Who counts bytes is heard in units of 1000, rounded up, which a bar can show."""

    def advance(done: int, total: int, note: str = "") -> None:
        on_progress(-(-done // 1000), -(-total // 1000), note)

    return advance


def _write_html(html: Path, report: Report, settings: ValidateConfig) -> None:
    from ugembed.records.page import write_page

    small_print = {
        "checked": ", ".join(map(str, settings.paths)),
        "names start from": ", ".join(map(str, settings.roots)) or "the folder of each file, then the current one",
        "pictures": f"read as far as {settings.images!r} says",
        "graphs": f"read as far as {settings.graphs!r} says",
    }
    write_page(html, report, small_print=small_print)
    stderr.print(f"page: {html}", markup=False, soft_wrap=True)


def _print(report: Report, rewritten: Rewritten | None, copied: Copied | None, *, as_json: bool) -> None:
    from ugembed.cli import validate_screen as screen

    if as_json:
        written = {"rewritten": rewritten, "clean": copied}
        print_json({**report.to_json(), **{name: value.to_json() for name, value in written.items() if value}})
        return
    if rewritten is not None:
        screen.print_rewritten(rewritten)
    screen.print_report(report)
    if copied is not None:
        screen.print_copied(copied)
