"""Pooling, node text, positions, edges and graph attention against slow, obvious twins."""

from __future__ import annotations

import math

import pytest
import torch

from tests.fixtures import graph, model_config
from ugembed.graphs.features import GraphBatch, graph_tensors
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.graph_encoders.gat import Gat, GatConfig
from ugembed.models.graph_encoders.spatial import PositionEncoding
from ugembed.models.pooling import last_token

SIZES = (5, 1, 9)


def test_the_last_real_token_is_pooled_on_either_padding_side() -> None:
    hidden = torch.arange(2 * 4 * 3, dtype=torch.float32).reshape(2, 4, 3)
    mask = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 1]])
    assert torch.equal(last_token(hidden, mask), torch.stack([hidden[0, 1], hidden[1, 3]]))


def test_node_text_is_the_mean_of_its_token_embeddings() -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config(graph_part=False)))
    texts = ["Name: Oak Street, Category: street", "a", "Name: Oak Street, Category: street", "Café Zürich 東京"]
    twin = []
    for text in texts:
        ids = embedder.backbone.tokenizer(text, add_special_tokens=False).input_ids
        twin.append(torch.stack([embedder.backbone.token_embedding().weight[i] for i in ids]).mean(dim=0))
    assert torch.allclose(embedder.node_text(texts), torch.stack(twin), atol=1e-6)
    assert torch.equal(embedder.node_text(texts[2:]), embedder.node_text(texts)[2:])


def _encoder() -> Gat:
    torch.manual_seed(0)
    encoder = GatConfig(width=16, position_width=8, edge_width=8).build(hidden_size=24).eval()
    assert isinstance(encoder, Gat)
    return encoder


def _graphs() -> tuple[list, torch.Tensor]:
    tensors = [graph_tensors(graph(k, size), max_nodes=100) for k, size in enumerate(SIZES)]
    return tensors, torch.randn(sum(SIZES), 24, generator=torch.Generator().manual_seed(1))


def test_a_union_of_graphs_is_encoded_like_each_graph_alone() -> None:
    encoder, (tensors, text) = _encoder(), _graphs()
    together = encoder(text, GraphBatch.union(tensors, [0, 1, 2]))
    alone = [encoder(part, GraphBatch.union([one], [0])) for one, part in zip(tensors, text.split(SIZES), strict=True)]
    assert (together - torch.cat(alone)).abs().max() <= 1e-5


def test_graph_attention_agrees_with_loops_over_nodes_and_edges() -> None:
    """GATv2 (Brody et al. 2022): a_ij = softmax_j(att . leaky_relu(W_l x_j + W_r x_i + W_e e_ij)); loops have e = 0."""
    encoder, (tensors, _) = _encoder(), _graphs()
    batch = GraphBatch.union(tensors[:1], [0])
    states, edges = torch.randn(5, 16), encoder.edge(batch)
    layer = encoder.convolutions[0]
    heads = layer.heads
    left = layer.lin_l(states).view(5, heads, 16)
    right = layer.lin_r(states).view(5, heads, 16)
    neighbours: dict[int, list[tuple[int, torch.Tensor]]] = {i: [(i, torch.zeros(8))] for i in range(5)}
    for k, (source, target) in enumerate(batch.edge_index.T.tolist()):
        neighbours[target].append((source, edges[k]))
    twin = torch.zeros(5, 16)
    for i in range(5):
        for head in range(heads):
            scores, values = [], []
            for j, feature in neighbours[i]:
                mixed = left[j, head] + right[i, head] + layer.lin_edge(feature).view(heads, 16)[head]
                scores.append((torch.nn.functional.leaky_relu(mixed, 0.2) * layer.att[0, head]).sum())
                values.append(left[j, head])
            weights = torch.softmax(torch.stack(scores), dim=0)
            twin[i] += sum(w * v for w, v in zip(weights, values, strict=True)) / heads
    assert torch.allclose(layer(states, batch.edge_index, edges), twin + layer.bias, atol=1e-5)


def test_the_result_does_not_depend_on_edge_order() -> None:
    encoder, (tensors, text) = _encoder(), _graphs()
    batch = GraphBatch.union(tensors, [0, 1, 2])
    order = torch.randperm(batch.edge_index.shape[1], generator=torch.Generator().manual_seed(3))
    shuffled = GraphBatch(
        batch.texts, batch.row, batch.size, batch.position, batch.edge_index[:, order],
        batch.edge_distance[order], batch.edge_bearing[order], batch.edge_offset[order],
    )  # fmt: skip
    assert (encoder(text, batch) - encoder(text, shuffled)).abs().max() <= 1e-5


@pytest.mark.parametrize("change", ["position", "edge_distance", "edge_bearing", "edge_offset"])
def test_every_geometric_input_counts(change: str) -> None:
    encoder, (tensors, text) = _encoder(), _graphs()
    batch = GraphBatch.union(tensors, [0, 1, 2])
    values = {name: getattr(batch, name) for name in GraphBatch.__slots__}
    values[change] = values[change] * 1.5 + 10
    assert (encoder(text, batch) - encoder(text, GraphBatch(**values))).abs().max() > 1e-4


def test_the_position_code_is_sine_and_cosine_of_metres_over_wavelength() -> None:
    encoding = PositionEncoding(bands=3, width=8, shortest_m=10, longest_m=1000, dropout=0)
    code = encoding.code(torch.tensor([[2.5, -40.0]]))[0]
    twin = [
        function(2 * math.pi * metres / wavelength)
        for metres in (2.5, -40.0)
        for function in (math.sin, math.cos)
        for wavelength in (10, 100, 1000)
    ]
    assert torch.allclose(code, torch.tensor(twin), atol=1e-5)


def test_every_position_band_is_informative_over_ten_kilometres() -> None:
    encoding = PositionEncoding(bands=16, width=8, shortest_m=10, longest_m=20_000, dropout=0)
    places = torch.rand(20_000, 2, generator=torch.Generator().manual_seed(0)) * 10_000 - 5_000
    assert encoding.code(places).std(dim=0).min() > 0.3
