"""Small things to embed, made on the spot: pictures, graphs, embedders with random weights, a training file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
from PIL import Image

from ugembed.graphs.schema import Edge, Node, UrbanGraph
from ugembed.records.item import Item

LON, LAT = 11.5, 48.1


def picture(seed: int, size: tuple[int, int] = (84, 56)) -> Image.Image:
    """A noisy picture of one colour."""
    rng = np.random.default_rng(seed)
    colour = rng.integers(0, 255, 3)
    pixels = np.clip(colour + rng.integers(-30, 30, (size[1], size[0], 3)), 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def graph(seed: int, nodes: int = 5) -> UrbanGraph:
    """A street with named places around an image node."""
    rng = np.random.default_rng(seed)
    offsets = rng.uniform(-0.003, 0.003, (nodes, 2))
    offsets[0] = 0
    made = [
        Node(str(k), LON + x, LAT + y, f"Name: place {seed} {k}, Category: {'image' if k == 0 else 'library'}")
        for k, (x, y) in enumerate(offsets)
    ]
    edges = [Edge("0", str(k), "near") for k in range(1, nodes)]
    return UrbanGraph(tuple(made), tuple(edges), "0")


def item(seed: int, text: str = "Where is this?", *, nodes: int = 5) -> Item:
    """A row with a graph and a picture."""
    return Item(text=f"<graph><image>{text}", images=(picture(seed),), graphs=(graph(seed, nodes),))


def model_config(*, graph_part: bool = True, **inputs: Any) -> dict[str, Any]:
    """A random tiny model without dropout, so that training mode is as reproducible as evaluation."""
    config: dict[str, Any] = {
        "backbone": {"kind": "tiny", "weights": "random"},
        "lora": {"rank": 4, "alpha": 8, "dropout": 0.0},
        "inputs": {"min_pixels": 784, "max_pixels": 84 * 56, **inputs},
    }
    if graph_part:
        config["graph_encoder"] = {
            "kind": "gat", "width": 32, "position_width": 16, "edge_width": 16, "dropout": 0.0,
        }  # fmt: skip
        config["fusion"] = {"kind": "tokens"}
    return config


def write_rows(folder: Path, *, rows: int, stage: int) -> Path:
    """A training file with its pictures and graphs."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for k in range(rows):
        picture(k).save(folder / f"{k}.png")
        (folder / f"{k}.json").write_bytes(graph(k, 3 + k % 3).to_bytes())
        tags = "<graph><image>" if stage == 2 else "<image>"
        lines.append(
            {
                "messages": [{"role": "user", "content": f"{tags}Where is this?"}],
                "positive_messages": [[{"role": "user", "content": f"Oak Street {k}, near place {k} {1 + k % 2}"}]],
                "images": [f"{k}.png"],
                "graphs": [f"{k}.json"] if stage == 2 else [],
                "pair_type": "stage2_image_graph" if stage == 2 else "stage1_image_only",
                "label": 1,
            }
        )
    path = folder / f"stage{stage}.jsonl"
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return path


def train_config(out: Path, data: Path, *, stage: int, **trainer: Any) -> dict[str, Any]:
    """A short run of a tiny model."""
    return {
        "stage": {"kind": f"stage{stage}"},
        "out": str(out),
        "model": model_config(graph_part=stage == 2),
        "data": {"train": [str(data)]},
        "loss": {"kind": "info_nce", "temperature": 0.05},
        "optimizer": {"lr": 1e-3, "graph_lr": 1e-3},
        "trainer": {
            "batch_size": 4, "precision": "float32", "gradient_checkpointing": False, "save_every": 0, "threads": 1,
            "device": "cpu", **trainer,
        },
    }  # fmt: skip
