"""Lengths of prompts with real photographs, told from their headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ugembed.models.backbones.tiny import TinyConfig
from ugembed.models.inputs import InputBuilder, InputsConfig
from ugembed.models.pictures import upright_size
from ugembed.records.images import load_image
from ugembed.records.item import Item

pytestmark = pytest.mark.real_data


def test_headers_tell_the_lengths_of_prompts_with_photographs(shared_data: Path) -> None:
    photographs = sorted((shared_data / "streetview").rglob("*.jpg"))[:40]
    assert len(photographs) > 10
    prepare = InputBuilder(TinyConfig(weights="random", width=32).build(), InputsConfig(), graph_tokens=None)
    for path in photographs:
        assert upright_size(path) == load_image(path).size
        item = Item("<image>Where is this?", (path,))
        assert prepare.length(item) == prepare([item]).input_ids.shape[1]
