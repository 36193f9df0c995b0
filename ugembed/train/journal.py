"""What a run tells while it runs: one JSON line per report in ``metrics.jsonl``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from ugembed.files import iter_lines, write_atomic

METRICS_FILE = "metrics.jsonl"


class Journal:
    """Appends to ``metrics.jsonl``; opening it for a resumed run drops lines from after the checkpoint."""

    def __init__(self, run: Path, *, resume_step: int) -> None:
        self.path = run / METRICS_FILE
        kept = [line for line in read_metrics(self.path) if line["step"] <= resume_step] if resume_step else []
        write_atomic(self.path, b"".join(orjson.dumps(line) + b"\n" for line in kept))

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one report and flush it."""
        with self.path.open("ab") as file:
            file.write(orjson.dumps(dict(line)) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The reports of a run, in order, up to a line that a crash has cut off or spoilt."""
    if not path.is_file():
        return []
    lines = []
    for _, line in iter_lines(path):
        try:
            lines.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            break
    return lines
