"""Which files are pickles of graphs, and what the graph file of each is called."""

from __future__ import annotations

from pathlib import Path

from ugembed.errors import DataError
from ugembed.files import MANIFEST, contained
from ugembed.graphs.decode import PICKLES

_LONGEST_NAME = 200


def find_pickles(paths: tuple[Path, ...]) -> dict[str, Path]:
    """File name of the graph to the pickle that it comes from, by name; a file named twice is read once.

    Raises:
        DataError: ``file-missing``, ``no-pickles``; ``path-escapes`` for a link that leads out of a given folder;
            ``name-duplicate`` for two files that differ in folder or suffix only; ``id-unsafe``.
    """
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise DataError(f"no such file or folder: {', '.join(missing)}", code="file-missing", hint="check the path")
    found = [file for path in paths for file in (_inside(path) if path.is_dir() else [path])]
    if not found:
        hint = f"name the pickles themselves, or a folder with files that end with {' or '.join(PICKLES)}"
        raise DataError(f"no pickles in {', '.join(map(str, paths))}", code="no-pickles", hint=hint)
    names: dict[str, Path] = {}
    for file in found:
        name = _graph_name(file)
        other = names.setdefault(name, file)
        if other.resolve() != file.resolve():
            what = f"{other} and {file} would both become {name}"
            raise DataError(what, code="name-duplicate", hint="import them into two folders, or rename one")
    return dict(sorted(names.items()))


def _inside(folder: Path) -> list[Path]:
    """Pickles below a folder, without hidden ones (macOS leaves ``._name.pkl`` in archives)."""
    files = []
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in inside.parts)
        if path.suffix.lower() in PICKLES and not is_hidden and not path.is_dir():
            contained(folder, inside.as_posix())
            files.append(path)
    return files


def _graph_name(path: Path) -> str:
    name = f"{path.stem}.json"
    is_usable = name.isprintable() and not name.startswith(".") and len(name.encode()) <= _LONGEST_NAME
    if not is_usable or name == MANIFEST:
        what = f"{str(path)!r}: {name!r} cannot be the name of a graph file"
        raise DataError(
            what, code="id-unsafe", hint="rename the pickle: no leading dot, not 'manifest', plain characters"
        )
    return name
