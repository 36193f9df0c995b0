"""Read very many unsound inputs: each must be taken or refused with a code, in little time and memory.

``make fuzz N=1000000`` reads a million rows and, in proportion, files of the other kinds (`fuzz.targets.TARGETS`), on
all cores. It writes down every chunk that is done, and passes over it when started again; findings lie beside that
list, each with its input. ``--show "graph files" 4711`` makes one input again and reads it, to look at the traceback.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from docs.markdown import table
from fuzz.pool import outcomes
from fuzz.targets import ACCEPTED, TARGETS, read_or_refused
from fuzz.worker import FINDING, Chunk, Outcome, make
from ugembed.files import iter_lines, write_atomic

CHUNK = 1000
SHOWN_CODES = 8


def plan(inputs: int, only: list[str], state: list[dict[str, Any]]) -> list[Chunk]:
    """All chunks of a run that are not in the state yet, the targets in turns."""
    chunks = []
    for name in only or TARGETS:
        is_done = bytearray(max(1, round(inputs * TARGETS[name].share)))
        for entry in state:
            if entry["target"] == name:
                size = len(is_done[entry["start"] : entry["stop"]])
                is_done[entry["start"] : entry["stop"]] = b"\1" * size
        for start in range(0, len(is_done), CHUNK):
            spans = re.finditer(rb"\0+", is_done[start : start + CHUNK])
            chunks += [Chunk(name, start + span.start(), start + span.end()) for span in spans]
    return sorted(chunks, key=lambda chunk: chunk.start)


def fuzz(inputs: int, seed: int, out: Path, *, only: list[str], workers: int) -> list[dict[str, Any]]:
    """Do what of the plan is not done yet; the state, one entry a chunk."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"state-{seed}.jsonl"
    state = [orjson.loads(line) for _, line in iter_lines(path)] if path.is_file() else []
    chunks = plan(inputs, only, state)
    with path.open("ab") as file:
        for count, (chunk, outcome) in enumerate(outcomes(chunks, TARGETS, seed=seed, workers=workers), 1):
            for number, what in outcome.findings:
                _keep(out, chunk.target, seed, number, what)
            state.append(_entry(chunk, outcome))
            file.write(orjson.dumps(state[-1]) + b"\n")
            file.flush()
            if count % 20 == 0 or count == len(chunks):
                print(f"{count} of {len(chunks)} chunks", file=sys.stderr)
    return state


def _entry(chunk: Chunk, outcome: Outcome) -> dict[str, Any]:
    facts = {"slowest_s": outcome.slowest_s, "slowest": outcome.slowest, "peak_mib": outcome.peak_mib}
    place = {"target": chunk.target, "start": chunk.start, "stop": chunk.stop}
    return {**place, **facts, "verdicts": dict(outcome.verdicts), "findings": len(outcome.findings)}


def _keep(out: Path, target: str, seed: int, number: int, what: str) -> None:
    """Save a finding: the input as it was, and what happened."""
    name = out / f"{target.replace(' ', '-').replace(',', '')}-{seed}-{number}"
    write_atomic(name.with_suffix(".input"), make(TARGETS[target], target, seed, number))
    write_atomic(name.with_suffix(".txt"), what.encode("utf-8", "backslashreplace"))


def summary(state: list[dict[str, Any]]) -> str:
    """A Markdown table with a line a target."""
    rows = []
    for name in dict.fromkeys(entry["target"] for entry in state):
        entries = [entry for entry in state if entry["target"] == name]
        verdicts: Counter[str] = sum((Counter(entry["verdicts"]) for entry in entries), Counter())
        codes = Counter({code: count for code, count in verdicts.items() if code not in (ACCEPTED, FINDING)})
        shown = ", ".join(f"`{code}` {count:,}" for code, count in codes.most_common(SHOWN_CODES))
        more = f", {len(codes) - SHOWN_CODES} more" if len(codes) > SHOWN_CODES else ""
        rows.append(
            (
                name,
                f"{verdicts.total():,}",
                f"{verdicts[ACCEPTED]:,}",
                f"{codes.total():,}",
                shown + more,
                f"{1000 * max(entry['slowest_s'] for entry in entries):,.0f}",
                f"{max(entry['peak_mib'] for entry in entries):,.0f}",
                f"{sum(entry['findings'] for entry in entries):,}",
            )
        )
    header = ("inputs of", "number", "taken", "refused", "codes", "slowest, ms", "peak, MiB", "findings")
    return "\n".join(table(header, rows))


def show(target: str, seed: int, number: int) -> None:
    """Make one input again, print it and read it; what it raises is not caught."""
    data = make(TARGETS[target], target, seed, number)
    print(data[:4000])
    with tempfile.TemporaryDirectory() as folder:
        print(read_or_refused(TARGETS[target], data, Path(folder)))


def main() -> int:
    """Run, print the table, and return 1 if there is a finding."""
    parser = argparse.ArgumentParser(description="Read very many unsound inputs.")
    parser.add_argument("--inputs", type=int, default=10_000, help="rows; files of the other kinds in proportion")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/fuzz"))
    parser.add_argument("--only", action="append", default=[], choices=list(TARGETS))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", nargs=2, metavar=("TARGET", "NUMBER"))
    wanted = parser.parse_args()
    if wanted.show:
        show(wanted.show[0], wanted.seed, int(wanted.show[1]))
        return 0
    state = fuzz(wanted.inputs, wanted.seed, wanted.out, only=wanted.only, workers=wanted.workers)
    print(summary(state))
    return 1 if any(entry["findings"] for entry in state) else 0


if __name__ == "__main__":
    sys.exit(main())
