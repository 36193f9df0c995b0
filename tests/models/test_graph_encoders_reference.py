"""The reference's encoder against its formulas written out in loops, and its weights under our names."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.models.graph_batches import HIDDEN, encoder, random_graph, random_text, rich
from ugembed.errors import CheckpointError, ConfigError
from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.reference import ReferenceConfig, from_reference

State = dict[str, np.ndarray]
Heard = list[list[tuple[int, np.ndarray]]]
LAYERS, HEADS, SPATIAL, EDGE, BANDS = 2, 4, 8, 8, 16


def reference_state() -> dict[str, Tensor]:
    """Random weights under the names of the reference's own state dict, whose parts are built as it builds them."""
    shapes: dict[str, tuple[int, ...]] = {
        "node_projection.weight": (HIDDEN, HIDDEN + SPATIAL),
        "node_projection.bias": (HIDDEN,),
        "node_encoder.node_head.0.weight": (HIDDEN, HIDDEN),
        "node_encoder.qwen_model.embed_tokens.weight": (9, HIDDEN),
    }
    shapes |= _mlp("spatial_encoder.projection", 4 * BANDS, 2 * SPATIAL, SPATIAL)
    for name, inputs in (("distance", 1), ("direction", 2), ("displacement", 2)):
        shapes |= _mlp(f"edge_encoder.{name}_encoder", inputs, EDGE, EDGE)
        del shapes[f"edge_encoder.{name}_encoder.4.weight"], shapes[f"edge_encoder.{name}_encoder.4.bias"]
    shapes |= _mlp("edge_encoder.edge_combiner", 3 * EDGE, 2 * EDGE, EDGE)
    for k in range(LAYERS):
        shapes |= {f"convs.{k}.att": (1, HEADS, HIDDEN), f"convs.{k}.bias": (HIDDEN,)}
        for side in ("lin_l", "lin_r"):
            shapes[f"convs.{k}.{side}.weight"] = (HEADS * HIDDEN, HIDDEN)
            shapes[f"convs.{k}.{side}.bias"] = (HEADS * HIDDEN,)
        shapes |= {f"convs.{k}.lin_edge.weight": (HEADS * HIDDEN, EDGE)}
        shapes |= {f"layer_norms.{k}.weight": (HIDDEN,), f"layer_norms.{k}.bias": (HIDDEN,)}
    shapes |= _mlp("output_proj", HIDDEN, 2 * HIDDEN, HIDDEN)
    rng = torch.Generator().manual_seed(5)
    return {name: torch.randn(shape, generator=rng) * 0.3 for name, shape in shapes.items()}


def _mlp(name: str, inputs: int, middle: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.0.weight": (middle, inputs), f"{name}.0.bias": (middle,), f"{name}.3.weight": (outputs, middle),
        f"{name}.3.bias": (outputs,), f"{name}.4.weight": (outputs,), f"{name}.4.bias": (outputs,),
    }  # fmt: skip


def _apply(state: State, name: str, x: np.ndarray) -> np.ndarray:
    hidden = np.maximum(state[f"{name}.0.weight"] @ x + state[f"{name}.0.bias"], 0)
    out = state[f"{name}.3.weight"] @ hidden + state[f"{name}.3.bias"]
    return _norm(state, f"{name}.4", out) if f"{name}.4.weight" in state else out


def _norm(state: State, name: str, x: np.ndarray) -> np.ndarray:
    return (x - x.mean()) / math.sqrt(x.var() + 1e-5) * state[f"{name}.weight"] + state[f"{name}.bias"]


def _edge_vector(state: State, metres: float, bearing: float, offset: np.ndarray) -> np.ndarray:
    angle = math.radians(bearing)
    parts = [
        _apply(state, "edge_encoder.distance_encoder", np.array([math.log1p(metres)])),
        _apply(state, "edge_encoder.direction_encoder", np.array([math.sin(angle), math.cos(angle)])),
        _apply(state, "edge_encoder.displacement_encoder", offset),
    ]
    return _apply(state, "edge_encoder.edge_combiner", np.concatenate(parts))


def _convolution(state: State, k: int, x: list[np.ndarray], heard: Heard) -> list[np.ndarray]:
    left = [(state[f"convs.{k}.lin_l.weight"] @ v + state[f"convs.{k}.lin_l.bias"]).reshape(HEADS, HIDDEN) for v in x]
    right = [(state[f"convs.{k}.lin_r.weight"] @ v + state[f"convs.{k}.lin_r.bias"]).reshape(HEADS, HIDDEN) for v in x]
    result = []
    for i, incoming in enumerate(heard):
        total = np.zeros(HIDDEN)
        for head in range(HEADS):
            scores = []
            for j, edge in incoming:
                mixed = left[j][head] + right[i][head]
                mixed = mixed + (state[f"convs.{k}.lin_edge.weight"] @ edge).reshape(HEADS, HIDDEN)[head]
                scores.append(float(np.where(mixed > 0, mixed, 0.2 * mixed) @ state[f"convs.{k}.att"][0, head]))
            weights = np.exp(np.array(scores) - max(scores))
            total += sum(w * left[j][head] for w, (j, _) in zip(weights / weights.sum(), incoming, strict=True)) / HEADS
        result.append(total + state[f"convs.{k}.bias"])
    return result


def twin(state: State, text: np.ndarray, batch: GraphBatch, *, degrees: np.ndarray | None = None) -> np.ndarray:
    """Section 3.3, step by step, node by node, in float64."""
    metres = (10 / (2 * math.pi), 20_000 / (2 * math.pi))
    first, last = metres if degrees is None else (1e-6, 360.0)
    scales = [first * math.exp(k * math.log(last / first) / (BANDS - 1)) for k in range(BANDS)]
    places = batch.position.double().numpy() if degrees is None else degrees
    x = []
    for words, place in zip(text, places, strict=True):
        code = np.array([f(c / scale) for c in place for scale in scales for f in (math.sin, math.cos)])
        spot = _apply(state, "spatial_encoder.projection", code)
        x.append(state["node_projection.weight"] @ np.concatenate([words, spot]) + state["node_projection.bias"])
    heard: Heard = [[] for _ in x]
    for k, (source, target) in enumerate(batch.edge_index.T.tolist()):
        offset = batch.edge_offset[k].double().numpy() / 100 if degrees is None else places[target] - places[source]
        vector = _edge_vector(state, float(batch.edge_distance[k]), float(batch.edge_bearing[k]), offset)
        heard[target].append((source, vector))
    for i, incoming in enumerate(heard):  # a loop carries the mean of what comes in
        vectors = [vector for _, vector in incoming]
        incoming.append((i, np.mean(vectors, axis=0) if vectors else np.zeros(EDGE)))
    for k in range(LAYERS):
        h = [_norm(state, f"layer_norms.{k}", v) for v in _convolution(state, k, x, heard)]
        x = h if k == LAYERS - 1 else [np.maximum(new, 0) + old for new, old in zip(h, x, strict=True)]
    return np.stack([_apply(state, "output_proj", v) for v in x])


@pytest.mark.parametrize("units", ["metres", "degrees"])
@torch.no_grad()
def test_outputs_are_those_of_the_formulas_with_mapped_weights(units: str) -> None:
    state = reference_state()
    built = encoder("reference", units=units)
    assert set(built.state_dict()) == set(from_reference(state))
    built.load_state_dict(from_reference(state), strict=True)
    batch = rich(GraphBatch.union([random_graph(1, 7), random_graph(2, 1), random_graph(3, 9)], [0, 1, 2]))
    assert batch.lon_lat is not None
    text = random_text(len(batch.texts))
    numbers = {name: value.double().numpy() for name, value in state.items()}
    degrees = batch.lon_lat.numpy() if units == "degrees" else None
    wanted = twin(numbers, text.double().numpy(), batch, degrees=degrees)
    assert np.abs(built(text, batch).numpy() - wanted).max() <= 1e-5


def test_weights_of_something_else_are_refused_by_name() -> None:
    with pytest.raises(CheckpointError, match=r"morans_head\.weight") as caught:
        from_reference({**reference_state(), "morans_head.weight": torch.zeros(1)})
    assert caught.value.code == "reference-weights"


def test_degrees_are_refused_where_graphs_come_without_them() -> None:
    batch = GraphBatch.union([random_graph(1, 4)], [0])
    with pytest.raises(ConfigError, match="lon_lat") as caught:
        encoder("reference", units="degrees")(random_text(4), batch)
    assert caught.value.code == "graph-input-missing"


@pytest.mark.parametrize(("hidden", "millions"), [(3584, 297.7 - 25.7), (2048, 97.8 - 8.4), (1536, 55.3 - 4.7)])
def test_it_has_the_parameters_of_the_reference_without_the_head_that_was_never_called(
    hidden: int, millions: float
) -> None:
    with torch.device("meta"):
        built = ReferenceConfig().build(hidden_size=hidden)
    assert sum(value.numel() for value in built.parameters()) / 1e6 == pytest.approx(millions, abs=0.15)
