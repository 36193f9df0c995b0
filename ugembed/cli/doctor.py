"""``ugembed doctor``: what this machine has and lacks."""

from __future__ import annotations

from dataclasses import asdict

import typer

from ugembed.cli import output
from ugembed.cli.options import AsJson

MARKS = {"ok": "[green]ok     [/]", "warn": "[yellow]warn   [/]", "missing": "[bold red]missing[/]"}


def doctor(as_json: AsJson = False) -> None:
    """Say what this machine has and lacks; exit 1 only if something needed is missing.

    Example: ugembed doctor --json
    """
    from rich.markup import escape

    from ugembed.cli.machine import Finding, examine

    findings: list[Finding] = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            hint = f"  [cyan]{escape(finding.hint)}[/]" if finding.hint else ""
            line = f"{MARKS[finding.status]} {finding.name:<16} {escape(finding.value)}{hint}"
            output.stdout.print(line, soft_wrap=True)
    if as_json:
        output.print_json([asdict(finding) for finding in findings])
    if any(finding.status == "missing" for finding in findings):
        raise typer.Exit(1)
