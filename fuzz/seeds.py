"""Sound inputs of every kind, from which the unsound ones are made."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from PIL import Image

from tests.graphs.legacy.pickles import CENTER, reference_graph, touching, write_pickle

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"
A, B = "402100000000001", "402100000000002"


def lines(*names: str) -> tuple[bytes, ...]:
    """Every row of example files."""
    return tuple(line for name in names for line in (EXAMPLES / f"{name}.jsonl").read_bytes().splitlines())


def _user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


def _rows(*rows: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(orjson.dumps(row) for row in rows)


_PARTS = [
    {"type": "graph", "graph": f"graphs/{A}.json"},
    {"type": "image_url", "image_url": {"url": f"images/{A}.jpg"}},
    {"type": "text", "text": "Where?"},
]
TRAINING = lines("stage1", "stage2") + _rows(
    {"messages": _user("<graph><image> and <graph><image>"), "images": [f"images/{A}.jpg", f"images/{B}.jpg"]}
    | {"graphs": [f"graphs/{A}.json", f"graphs/{B}.json"], "positive_messages": [_user("x") * 2, _user("<image>")]}
    | {"positive_images": [None, f"images/{A}.jpg"], "negative_messages": [_user("<graph>")]}
    | {"negative_graphs": [[f"graphs/{B}.json"]], "group": 7, "label": 0.5, "image_coords": "(103.85, 1.30)"},
    {"messages": _user(_PARTS), "positive_messages": [_user("Oak St")], "pair_type": "stage2_image_graph", "id": 3},
)
BENCHMARK = lines("geolocation", "perception", "retrieval", "spatial_reasoning") + _rows(
    {"messages": _user(_PARTS), "candidate_images": [[f"images/{A}.jpg"], f"images/{B}.jpg"], "candidates": ["a", "b"]}
    | {
        "candidate_graphs": [None, [f"graphs/{B}.json"]],
        "ground_truth": "b",
        "ground_truth_idx": 1,
        "coordinates": [1, 2],
    },
    {"messages": _user("q"), "candidates": ["images/a b", "images/c"], "ground_truth": "c", "question_type": 4},
)
EMBED = lines("items") + _rows(
    {"messages": _user(_PARTS), "id": "x", "place": {"lon": 0, "lat": -90, "heading_deg": 360}}
)
GRAPHS = tuple(path.read_bytes() for path in sorted((EXAMPLES / "graphs").glob("*.json"))) + _rows(
    {"nodes": [{"node_id": 1, "coords": "(103.85, 1.3)", "node_text": "Name: mapillary image", "more": {"a": [1.5]}}]}
    | {"edges": [{"source": 1, "target": "1", "distance": 0}], "center_node": "1", "city": "x"},
)
POINTS_CSV = (
    (EXAMPLES / "points.csv").read_bytes(),
    b"\xef\xbb\xbfid;lon;lat;heading\n1;103.85;1.3;\n2;103.86;1.31;359.9\n",
    b'"id"\t"lat"\t"lon"\n"a"\t1.3\t103.85\n"b, c"\t-89\t-179\n',
)
POINTS_GEOJSON = _rows(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [103.85, 1.3]},
                "properties": {"id": name, "heading": 90, "image": f"images/{A}.jpg"},
            }
            for name in ("a", "b")
        ],
    }
)
RUN_FILES = tuple(path.read_bytes() for path in sorted((ROOT / "configs").rglob("*.yaml")))
MANIFEST_FILE = b"what a folder of graphs holds\n"


def pictures() -> Sequence[bytes]:
    """Small pictures of every format and of odd modes."""
    base = Image.radial_gradient("L").resize((24, 18))
    modes = {"JPEG": ("RGB", "L", "CMYK"), "PNG": ("RGBA", "P", "I;16", "1"), "WEBP": ("RGB",), "GIF": ("P",)}
    modes |= {"BMP": ("RGB",), "TIFF": ("RGB", "I;16")}
    made = []
    for picture_format, wanted in modes.items():
        for mode in wanted:
            file = io.BytesIO()
            base.convert(mode).save(file, picture_format)
            made.append(file.getvalue())
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    base.convert("RGB").save(file, "JPEG", exif=exif)
    return (*made, file.getvalue())


TOUCHED = Path("touched-by-a-pickle")
"""The file that the harmful pickles would make if anyone ran what they ask for."""


def pickles() -> Sequence[bytes]:
    """The reference's pickles, plain and wrapped, of old and new protocols; and some that would make `TOUCHED`."""
    graph = reference_graph(nodes=3)
    values = [graph, {"subgraph": graph, "center_nodes": [CENTER]}, {"subgraph_data": {"subgraph": graph}}]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "graph.pkl"
        sound = [write_pickle(path, value, protocol).read_bytes() for value in values for protocol in (0, 2, 4, 5)]
        harmful = [write_pickle(path, value, 4).read_bytes() for value in touching(TOUCHED).values()]
    return (*sound, *harmful)
