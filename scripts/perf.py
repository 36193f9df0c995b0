"""Run every measurement of perf/ and write what each prints into docs/performance.md (``make perf``).

The page holds, for each ``perf/NAME.py``, the markers ``<!-- NAME -->`` and ``<!-- end of NAME -->``; what is between
them is replaced, the prose around them is written by hand.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from ugembed.files import write_atomic

ROOT = Path(__file__).resolve().parent.parent
PERF = ROOT / "perf"
PAGE = ROOT / "docs" / "performance.md"
LIMIT_S = 900
HELPERS = {"compare", "street_grid", "street_plan"}
"""Files of perf/ that others import."""


def measurements(folder: Path) -> list[Path]:
    """The scripts that measure, by name."""
    return sorted(path for path in folder.glob("*.py") if path.stem not in HELPERS)


def unmarked(page: str, names: list[str]) -> list[str]:
    """Names whose two markers do not stand in the page, in this order and once."""
    return [name for name in names if len(_place(name).findall(page)) != 1]


def filled(page: str, name: str, text: str) -> str:
    """The page with ``text`` between the markers of ``name``."""
    return _place(name).sub(lambda found: f"{found[1]}\n\n{text.strip()}\n\n{found[2]}", page, count=1)


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {re.escape(name)} -->).*?(<!-- end of {re.escape(name)} -->)", re.DOTALL)


def main() -> int:
    """Run one script after the other; 1 if one fails or has no place in the page."""
    scripts = measurements(PERF)
    missing = unmarked(PAGE.read_text(encoding="utf-8"), [script.stem for script in scripts])
    for name in missing:
        print(f"docs/performance.md wants, once: <!-- {name} --> and <!-- end of {name} -->", file=sys.stderr)
    if missing:
        return 1
    for script in scripts:
        print(script.name, file=sys.stderr)
        done = subprocess.run(
            [sys.executable, str(script)], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S
        )
        if done.returncode:
            print(f"perf/{script.name} ended with {done.returncode}; nothing was written for it", file=sys.stderr)
            return 1
        page = filled(PAGE.read_text(encoding="utf-8"), script.stem, done.stdout)
        write_atomic(PAGE, page.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
