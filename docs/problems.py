"""The page of problems: every stable code by the part of the program that gives it."""

from __future__ import annotations

from docs.codes import Said, all_codes
from docs.markdown import NOTE, plain, table

AREAS: dict[str, tuple[str, ...]] = {
    "Pictures": ("records/image", "records/photo"),
    "Tables of images": ("records/points", "records/table", "records/column"),
    "Rows": ("records/",),
    "Graphs and maps": ("graphs/", "geo/", "archives"),
    "Models": ("models/",),
    "Training": ("train/", "losses/", "sampling/", "compose/", "demo/"),
    "Stores and evaluation": ("embed/", "eval/", "files"),
    "Ablations": ("ablate/",),
    "Configuration": ("config", "registry", "cli/"),
}
"""Heading to how the paths of its modules start, below the package; the first that fits counts."""


def problems_page() -> str:
    """docs/problems.md: every stable code, with what it says, what to do, and where it is given."""
    lines = [
        NOTE,
        "# Problems\n",
        "Every refusal has a stable code: `error[code]: message`, then a hint. `…` stands for what differs. The exit",
        "status is 1, or 2 for a `ConfigError`; `validate-data` lists problems of all kinds. Two words are not in the",
        "tables: `error[os]` is a refusal of the operating system (disk full, no permission), and `error[internal]`,",
        "exit status 70, a fault of ugembed that you should report.\n",
    ]
    by_area: dict[str, dict[str, list[Said]]] = {area: {} for area in AREAS}
    for said in all_codes():
        by_area[area_of(said.module)].setdefault(said.code, []).append(said)
    for area, codes in by_area.items():
        rows = [_problem(code, places) for code, places in sorted(codes.items())]
        lines += [f"## {area}\n", *table(("code", "kind", "says", "what to do", "where"), rows), ""]
    return "\n".join(lines)


def area_of(module: str) -> str:
    """The heading under which a module's codes stand; a module without one is a `LookupError`."""
    name = module.removeprefix("ugembed/")
    for area, starts in AREAS.items():
        if name.startswith(starts):
            return area
    raise LookupError(f"{module} belongs to no area of docs/problems.md; add it to AREAS")


def _problem(code: str, places: list[Said]) -> tuple[str, ...]:
    kinds = sorted({"error" if said.error == "Problem" else said.error for said in places})
    modules = sorted({f"`{said.module.removeprefix('ugembed/')}`" for said in places})
    says = [said.message for said in places]
    hints = [said.hint for said in places]
    return f"`{code}`", ", ".join(kinds), _lines(says), _lines(hints), "<br>".join(modules)


def _lines(texts: list[str]) -> str:
    """Each text once, one below the other, without those in which nothing is known beforehand."""
    return "<br>".join(dict.fromkeys(plain(text) for text in texts if text.strip(" …:/")))
