"""What a vision tower makes of pictures is used twice, in every family of backbones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.fixtures import picture
from tests.models.small_checkpoints import KINDS, write_checkpoint
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.records.item import Item
from ugembed.train.kept_pictures import KeptPictures, tensors

CPU = torch.device("cpu")


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_pass_gives_the_same_vectors_without_the_tower(kind: str, tmp_path: Path) -> None:
    backbone = {"kind": kind, "path": str(write_checkpoint(tmp_path, kind)), "dtype": "float32"}
    settings = {"backbone": backbone, "lora": {"rank": 2, "dropout": 0.0}, "inputs": {"min_pixels": 784}}
    embedder = Embedder(ModelConfig.model_validate(settings)).train()
    items = [Item("<image>Where?", (picture(0),)), Item("<image>, <image>", (picture(1), picture(2)))]
    parts = [embedder.prepare(part) for part in (items, items[:1], [Item("Oak Street")])]
    pictures = KeptPictures(embedder, CPU)

    def passed() -> tuple[list[torch.Tensor], int]:
        vectors = []
        for k, part in enumerate(parts):
            with pictures.of_part(k):
                vectors.append(embedder(part))
        return vectors, len(pictures.kept)

    with torch.no_grad():
        first, kept = passed()
    assert kept == 2
    assert pictures.room < 1024 * 2**20
    second, left = passed()
    assert left == 0
    assert [torch.equal(one, two) for one, two in zip(first, second, strict=True)] == [True] * 3
    assert second[0].requires_grad
    third, kept = passed()  # with gradients nothing is kept
    assert kept == 0
    assert torch.equal(third[0], first[0])


def test_every_tensor_of_an_output_is_counted() -> None:
    one = torch.zeros(3)
    assert [int(found.sum()) for found in tensors({"a": (one + 1, [one + 2]), "b": None})] == [3, 6]


def test_features_that_drew_random_numbers_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = Embedder(ModelConfig.model_validate({"backbone": {"kind": "tiny", "weights": "random"}}))
    compute = embedder.core.get_image_features

    def noisy(*args: object, **kwargs: object) -> object:
        torch.rand(1)
        return compute(*args, **kwargs)

    part = embedder.prepare([Item("<image>", (picture(0),))])
    for features, kept in ((compute, 1), (noisy, 0)):
        pictures = KeptPictures(embedder, CPU)
        monkeypatch.setattr(type(embedder.core), "get_image_features", lambda self, *a, f=features, **k: f(*a, **k))
        with torch.no_grad(), pictures.of_part(0):
            embedder(part)
        assert len(pictures.kept) == kept
