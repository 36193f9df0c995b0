"""``ugembed show-graph``: one local graph as a page to explore, or as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugembed.cli import output

if TYPE_CHECKING:
    from ugembed.graphs.drawing import GraphDrawing

_ENDINGS = (".html", ".svg", ".png")


def show_graph(
    graph: Annotated[
        str,
        typer.Argument(
            help="Graph file, in a shard too (graphs/part-0000.zip/v1.json); with --graphs, the id of an image.",
            show_default=False,
        ),
    ],
    graphs: Annotated[
        Path | None,
        typer.Option(help="Folder of build-graphs in whose index the id is looked up.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write: .html to explore, .svg or .png to show. Default: the graph's name with .html, here.",
            show_default=False,
        ),
    ] = None,
    city_map: Annotated[
        Path | None,
        typer.Option("--map", help="OpenStreetMap file whose streets and areas lie beneath.", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Replace an earlier file.")] = False,
) -> None:
    """Draw one graph: where the camera stands, where it looks, and which streets and places are around.

    Example: ugembed show-graph v00012 --graphs graphs --map city.osm.pbf --out v00012.png
    """
    from ugembed.files import write_atomic
    from ugembed.graphs.drawing import draw_graph
    from ugembed.graphs.drawing.find import find_graph
    from ugembed.graphs.maps.osm.read import read_osm
    from ugembed.graphs.schema import UrbanGraph

    if out is not None:
        _refuse(out, yes=yes)
    file = find_graph(graph, graphs)
    target = Path(f"{file.stem}.html") if out is None else out
    _refuse(target, yes=yes)
    drawing = draw_graph(UrbanGraph.read(file), city_map=read_osm(city_map) if city_map is not None else None)
    write_atomic(target, _bytes(drawing, target.suffix.lower(), file, city_map))
    output.stdout.print(f"graph: {target}", markup=False, soft_wrap=True)


def _refuse(out: Path, *, yes: bool) -> None:
    """Ask before long work whether the file may be written."""
    from ugembed.errors import ConfigError, StoreError

    if out.suffix.lower() not in _ENDINGS:
        hint = f"wanted: {', '.join(_ENDINGS)}"
        raise ConfigError(
            f"--out {out}: cannot write {out.suffix or 'a file without an ending'}", code="out-ending", hint=hint
        )
    if out.is_dir() or (out.exists() and not yes):
        hint = "choose another --out" if out.is_dir() else "choose another --out, or pass --yes to replace it"
        raise StoreError(f"{out}: already exists", code="output-exists", hint=hint)


def _bytes(drawing: GraphDrawing, ending: str, file: Path, city_map: Path | None) -> bytes:
    from ugembed.graphs.drawing.page import graph_page

    if ending == ".png":
        return drawing.png()
    if ending == ".svg":
        return drawing.svg().encode()
    small_print = {"graph": file.as_posix()} | ({"map": city_map.as_posix()} if city_map is not None else {})
    return graph_page(drawing, small_print=small_print).encode()
