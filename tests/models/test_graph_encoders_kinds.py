"""What is particular to each kind: layers against loops, sizes, bands, words that pass beside."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from tests.models.graph_batches import HIDDEN, encoder, random_graph, random_text, rich
from ugembed.errors import ConfigError
from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.attention import GraphAttention
from ugembed.models.graph_encoders.compact import Compact, CompactConfig
from ugembed.models.graph_encoders.edges import LoopedEdges, zero_loops
from ugembed.models.graph_encoders.gcn import Gcn, GcnConfig
from ugembed.models.graph_encoders.spatial import AbsoluteEncoding
from ugembed.models.graph_encoders.transformer import GraphTransformer, TransformerConfig, blocks


def _batch(*sizes: int) -> GraphBatch:
    return GraphBatch.union([random_graph(k, size) for k, size in enumerate(sizes)], list(range(len(sizes))))


@torch.no_grad()
def test_attention_with_averaged_heads_is_that_of_torch_geometric() -> None:
    from torch_geometric.nn import GATv2Conv

    theirs = GATv2Conv(16, 16, heads=4, concat=False, edge_dim=8, add_self_loops=True, fill_value=0.0)
    ours = GraphAttention(16, heads=4, edge_width=8, dropout=0.0, concat=False)
    for own, other in ((ours.source, theirs.lin_l), (ours.target, theirs.lin_r), (ours.edge, theirs.lin_edge)):
        own.load_state_dict(other.state_dict())
    ours.attention.copy_(theirs.att[0])
    batch, states = _batch(9, 5), torch.randn(14, 16)
    edges = torch.randn(batch.edge_index.shape[1], 8)
    graph = LoopedEdges.of(batch.edge_index, 14)
    result = ours(states, graph, graph.arrange(edges, zero_loops(edges, 14)))
    assert (result - theirs(states, batch.edge_index, edges)).abs().max() <= 1e-5


@torch.no_grad()
def test_heads_side_by_side_are_narrow_heads() -> None:
    layer = GraphAttention(16, heads=4, edge_width=8, dropout=0.0, concat=True)
    batch, states = _batch(6), torch.randn(6, 16)
    edges = torch.randn(batch.edge_index.shape[1], 8)
    graph = LoopedEdges.of(batch.edge_index, 6)
    features = graph.arrange(edges, zero_loops(edges, 6))
    left, right, along = layer.source(states), layer.target(states), layer.edge(features)
    twin = torch.zeros(6, 16)
    for i in range(6):
        incoming = [k for k, target in enumerate(graph.target.index.tolist()) if target == i]
        for head in range(4):
            span = slice(4 * head, 4 * head + 4)
            mixed = [left[graph.source.index[k], span] + right[i, span] + along[k, span] for k in incoming]
            scores = [(torch.nn.functional.leaky_relu(one, 0.2) * layer.attention[head]).sum() for one in mixed]
            for weight, k in zip(torch.softmax(torch.stack(scores), dim=0), incoming, strict=True):
                twin[i, span] += weight * left[graph.source.index[k], span]
    assert torch.allclose(layer(states, graph, features), twin + layer.bias, atol=1e-5)


@torch.no_grad()
def test_graph_convolution_is_the_normalised_adjacency_times_states() -> None:
    built = encoder("gcn", layers=1)
    assert isinstance(built, Gcn)
    batch, states = _batch(8), torch.randn(8, 16)
    dense = torch.eye(8)
    dense[batch.edge_index[1], batch.edge_index[0]] = 1
    share = dense.sum(dim=1).rsqrt()
    heard = (share[:, None] * dense * share) @ built.layers[0](states) + built.biases[0]
    assert torch.allclose(built.mix(states, batch), states + built.norms[0](heard).relu(), atol=1e-5)


@torch.no_grad()
def test_transformer_attention_agrees_with_loops_over_pairs() -> None:
    built = encoder("transformer", layers=1, heads=2)
    assert isinstance(built, GraphTransformer)
    layer, batch, states = built.layers[0], _batch(5, 2), torch.randn(7, 16)
    query, key, value = layer.query_key_value(layer.attention_norm(states)).view(7, 3, 2, 8).unbind(dim=1)
    edge_bias = layer.edge_bias(built.edge(batch))
    along = {tuple(pair): edge_bias[k] for k, pair in enumerate(batch.edge_index.T.tolist())}
    heard = torch.zeros(7, 2, 8)
    for first, last in ((0, 5), (5, 7)):
        for i in range(first, last):
            scores = torch.zeros(last - first, 2)
            for j in range(first, last):
                offset = batch.position[j] - batch.position[i]
                metres = float(offset.norm())
                direction = offset / metres if metres else torch.zeros(2)
                bias = layer.geometry_bias(torch.cat([torch.tensor([math.log1p(metres)]), direction]))
                scores[j - first] = (query[i] * key[j]).sum(dim=1) / math.sqrt(8) + bias + along.get((j, i), 0.0)
            for j, weights in zip(range(first, last), torch.softmax(scores, dim=0), strict=True):
                heard[i] += weights[:, None] * value[j]
    twin = states + layer.out(heard.flatten(1))
    twin = twin + layer.mlp(layer.mlp_norm(twin))
    assert torch.allclose(built.mix(states, batch), twin, atol=1e-5)


def test_blocks_hold_every_graph_once_and_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ugembed.models.graph_encoders.transformer.MAX_PAIRS", 200)
    made = blocks(_batch(3, 20, 7, 9, 1, 8))
    nodes = torch.cat([block.node[block.real] for block in made])
    assert sorted(nodes.tolist()) == list(range(48))
    assert [block.node.shape for block in made] == [(1, 20), (2, 9), (1, 7), (1, 3), (1, 1)]


@pytest.mark.parametrize("config", [CompactConfig(), GcnConfig(), TransformerConfig()])
@pytest.mark.parametrize("hidden", [1536, 2048, 3584])
def test_bottleneck_encoders_stay_below_fifteen_million_parameters(config: CompactConfig, hidden: int) -> None:
    with torch.device("meta"):
        built = config.build(hidden_size=hidden)
    assert sum(value.numel() for value in built.parameters()) <= 15_000_000


def test_a_narrow_language_model_narrows_the_bottleneck() -> None:
    assert CompactConfig().build(hidden_size=64).state_dict()["node.weight"].shape == (64, 128)


def test_heads_must_share_the_width() -> None:
    with pytest.raises(ConfigError) as caught:
        CompactConfig(width=30, heads=4).build(hidden_size=64)
    assert caught.value.code == "heads-width"


@pytest.mark.parametrize("kind", ["compact", "gcn", "transformer"])
@torch.no_grad()
def test_words_can_be_read_from_the_first_step_on(kind: str) -> None:
    torch.manual_seed(0)
    built = {"compact": CompactConfig, "gcn": GcnConfig, "transformer": TransformerConfig}[kind]().build(hidden_size=64)
    batch, text = _batch(20), torch.randn(20, 64)
    states = built.eval()(text, batch)
    similar = torch.nn.functional.cosine_similarity(states[:, None], text[None], dim=2)
    assert torch.equal(similar.argmax(dim=1), torch.arange(20))
    assert similar.diagonal().min() > 0.98


def test_every_position_band_is_informative_over_ten_kilometres() -> None:
    built = CompactConfig().build(hidden_size=16)
    assert isinstance(built, Compact)
    places = torch.rand(20_000, 2, generator=torch.Generator().manual_seed(0)) * 10_000 - 5_000
    assert built.position.code(places).std(dim=0).min() > 0.3
    assert (built.position.code(places) - built.position.code(places + 1)).abs().amax(dim=1).min() > 0.3  # one metre


@torch.no_grad()
def test_the_absolute_code_tells_cities_apart_and_wants_degrees() -> None:
    built = encoder("compact", absolute_bands=4)
    batch, text = rich(_batch(5)), random_text(5)
    assert batch.lon_lat is not None
    moved = replace(batch, lon_lat=batch.lon_lat + 0.5)
    assert (built(text, batch) - built(text, moved)).abs().max() > 1e-4
    with pytest.raises(ConfigError) as caught:
        built(text, _batch(5))
    assert caught.value.code == "graph-input-missing"


@torch.no_grad()
def test_the_absolute_code_has_no_seam() -> None:
    code = AbsoluteEncoding(bands=4, width=8, dropout=0.0).eval()
    west, east = rich(_batch(1)), rich(_batch(1))
    for batch, lon in ((west, -180.0), (east, 180.0)):
        object.__setattr__(batch, "lon_lat", torch.tensor([[lon, -17.0]], dtype=torch.float64))
    assert torch.allclose(code(west), code(east), atol=1e-6)


def test_no_absolute_code_and_no_head_unless_asked_for() -> None:
    names = set(CompactConfig().build(hidden_size=HIDDEN).state_dict())
    assert not [name for name in names if name.startswith(("absolute", "metric", "edge.kind"))]
