"""Node texts: computed once, kept within bounds, forgotten when the words change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ugembed.models.node_text import ContextualText, NodeText

WIDTH = 1024


class Letters:
    """A tokenizer of letters that counts the texts it is given."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, texts: Sequence[str], **options: Any) -> Any:
        self.seen += len(texts)
        return type("Encoded", (), {"input_ids": [[ord(letter) for letter in text] for text in texts]})


@pytest.fixture
def embedding() -> nn.Embedding:
    torch.manual_seed(0)
    return nn.Embedding(128, WIDTH).requires_grad_(False)


def _twin(embedding: nn.Embedding, texts: Sequence[str]) -> Tensor:
    weight = embedding.weight.detach()
    return torch.stack([weight[[ord(x) for x in t]].mean(dim=0) if t else torch.zeros(WIDTH) for t in texts])


@settings(max_examples=40, deadline=None)
@given(calls=st.lists(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=30), min_size=1, max_size=6))
def test_vectors_are_right_whatever_was_asked_before_and_memory_is_bounded(calls: list[list[str]]) -> None:
    torch.manual_seed(0)
    words = nn.Embedding(128, WIDTH).requires_grad_(False)
    node_text = NodeText(Letters(), words, cache_mb=1)
    node_text.capacity = 20  # rows; some calls have more distinct texts
    for texts in calls:
        assert torch.allclose(node_text(texts), _twin(words, texts), atol=1e-6)
        assert len(node_text) <= 20
        assert node_text._table is None or len(node_text._table) <= 20


def test_a_text_is_computed_once_and_the_least_used_goes_first(embedding: nn.Embedding) -> None:
    letters = Letters()
    node_text = NodeText(letters, embedding, cache_mb=1)
    assert node_text.capacity == 2**20 // (4 * WIDTH)
    node_text.capacity = 3
    node_text(["a", "b", "a", "c"])
    node_text(["a"])
    assert letters.seen == 3
    node_text(["d"])  # b goes
    node_text(["a", "c", "d"])
    assert letters.seen == 4
    node_text(["b"])
    assert letters.seen == 5


def test_a_cache_filled_in_inference_mode_serves_training(embedding: nn.Embedding) -> None:
    node_text = NodeText(Letters(), embedding)
    with torch.inference_mode():
        node_text(["a"])
    scale = torch.ones(WIDTH, requires_grad=True)
    (node_text(["a", "b"]) * scale).sum().backward()
    assert scale.grad is not None


def test_changed_words_are_read_anew(embedding: nn.Embedding) -> None:
    node_text = NodeText(Letters(), embedding)
    node_text(["ab"])
    embedding.weight.mul_(2)
    assert torch.allclose(node_text(["ab"]), _twin(embedding, ["ab"]))


def test_trained_words_carry_a_gradient(embedding: nn.Embedding) -> None:
    node_text = NodeText(Letters(), embedding.requires_grad_())
    node_text(["ab", "ab", "c"]).sum().backward()
    assert embedding.weight.grad is not None
    assert embedding.weight.grad[[ord("a"), ord("c")]].abs().sum() > 0
    assert len(node_text) == 0


def _states(embedding: nn.Embedding, calls: list[int]) -> Any:
    """A language model whose states are running sums, so that order and context count."""

    def states(ids: Tensor, mask: Tensor) -> Tensor:
        calls.append(len(ids))
        return (embedding(ids) * mask[:, :, None]).cumsum(dim=1)

    return states


def test_the_language_model_reads_each_distinct_text_once(embedding: nn.Embedding) -> None:
    calls: list[int] = []
    node_text = ContextualText(Letters(), embedding, states=_states(embedding, calls), batch_size=2)
    texts = ["abc", "c", "abc", "acb", "", "ab"]
    made = node_text(texts)
    assert calls == [2, 2]
    size = embedding.weight.square().mean().sqrt()
    for vector, text in zip(made, texts, strict=True):
        states = embedding.weight[[ord(x) for x in text]].cumsum(dim=0)
        mean = states.mean(dim=0) if text else torch.zeros(WIDTH)
        wanted = mean * size / mean.square().mean().sqrt().clamp(min=1e-12)
        assert torch.allclose(vector, wanted, atol=1e-5)
    assert torch.equal(node_text(texts), made)
    assert calls == [2, 2]
    assert (made[0] - made[3]).abs().max() > 1e-3  # the order of words counts


def test_texts_are_embedded_a_few_at_a_time(embedding: nn.Embedding, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{k:x}" * (k % 5 + 1) for k in range(40)]
    at_once = NodeText(Letters(), embedding)(texts)
    monkeypatch.setattr("ugembed.models.node_text.TEXTS_AT_ONCE", 7)
    assert torch.equal(NodeText(Letters(), embedding)(texts), at_once)
    assert torch.allclose(at_once, _twin(embedding, texts), atol=1e-6)
