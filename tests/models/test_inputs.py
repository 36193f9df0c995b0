"""Prompts: the rendered templates of the families, cut into tokens as their own tokenizers would."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures import graph, model_config, picture
from tests.models.small_checkpoints import KINDS, write_checkpoint
from ugembed.errors import DataError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.inputs import InputBuilder, InputsConfig
from ugembed.models.prompts import Prompt, Slot, chatml
from ugembed.records.item import Item

CHATML = "<|im_start|>system\n{told}<|im_end|>\n<|im_start|>user\n{item}<|im_end|>\n<|im_start|>assistant\n"
BARE = "<|im_start|>user\n{item}<|im_end|>\n<|im_start|>assistant\n"
QWEN_PICTURE = "<|vision_start|>{pads}<|vision_end|>"
RENDERED = {
    "qwen2_vl": (CHATML, "You are a helpful assistant.", QWEN_PICTURE),
    "qwen2_5_vl": (CHATML, "You are a helpful assistant.", QWEN_PICTURE),
    "qwen3_vl": (CHATML, "Represent the user's input.", QWEN_PICTURE),
    "gme": (CHATML + "<|endoftext|>", "You are a helpful assistant.", QWEN_PICTURE),
    "llava_next": ("<s>[INST] {item} [/INST]", "", "{pads}\n"),
    "internvl": (BARE, "", "<img>{pads}</img>\n"),
}
"""Kind to template, the family's own instruction, and how it shows a picture."""
TOLD = {"internvl": CHATML, "llava_next": "<s><<SYS>>\n{told}\n<</SYS>>\n\n[INST] {item} [/INST]"}
"""Templates that change when there is an instruction."""


def load(folder: Path, kind: str) -> Embedder:
    config = model_config() | {
        "backbone": {"kind": kind, "path": str(folder), "dtype": "float32"},
        "inputs": {"min_pixels": 784, "max_pixels": 7000},
    }
    return Embedder(ModelConfig.model_validate(config))


@pytest.fixture(scope="module", params=KINDS)
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return load(write_checkpoint(tmp_path_factory.mktemp("checkpoint"), request.param), request.param)


def ids_of(embedder: Embedder, rendered: str) -> list[int]:
    """What the family's tokenizer makes of a rendered template; special tokens in it count."""
    return list(embedder.backbone.tokenizer(rendered, add_special_tokens=False).input_ids)


def shown(embedder: Embedder, picture_template: str) -> str:
    backbone = embedder.backbone
    count = backbone.picture_tokens(84, 56, min_pixels=784, max_pixels=7000)
    return picture_template.format(pads=backbone.tokenizer.convert_ids_to_tokens(backbone.markers.image_pad) * count)


def test_the_prompt_is_the_rendered_template_of_the_family(embedder: Embedder) -> None:
    kind = embedder.config.backbone.kind
    if kind == "vlm2vec":
        template, told, how = "{item}", "", "{pads}"
    else:
        template, told, how = RENDERED[kind]
    seen = shown(embedder, how)
    for text in ("Where is this?", "  two  spaces\n\nand Zürich", "1234"):
        prompt = embedder.prepare([Item(text)]).input_ids[0].tolist()
        assert prompt == ids_of(embedder, template.format(told=told, item=text))
        prompt = embedder.prepare([Item(f"<image>{text}", (picture(0),))]).input_ids[0].tolist()
        assert prompt == ids_of(embedder, template.format(told=told, item=f"{seen}{text}"))
    text = f"<|graph_start|>{'<|graph_pad|>' * 3}<|graph_end|>here"
    prompt = embedder.prepare([Item("<graph>here", (), (graph(0, 3),))]).input_ids[0].tolist()
    assert prompt == ids_of(embedder, template.format(told=told, item=text))


def test_the_users_instruction_takes_its_place(embedder: Embedder) -> None:
    kind, told = embedder.config.backbone.kind, "Find the place."
    item = Item("<image>Where is this?", (picture(0),))
    prompt = embedder.prepare([item], instruction=told).input_ids[0].tolist()
    if kind == "vlm2vec":
        wanted = f"{shown(embedder, '{pads}')} {told} Where is this?"
    else:
        template = TOLD.get(kind, RENDERED[kind][0])
        wanted = template.format(told=told, item=f"{shown(embedder, RENDERED[kind][2])}Where is this?")
    assert prompt == ids_of(embedder, wanted)
    config = InputsConfig(min_pixels=784, max_pixels=7000, instruction=told)
    configured = InputBuilder(embedder.backbone, config, graph_tokens=None)
    assert configured([item]).input_ids[0].tolist() == prompt


def test_what_a_tokenizer_puts_behind_a_text_ends_the_prompt(tmp_path: Path) -> None:
    """So the checkpoints of Qwen3-VL-Embedding say themselves whether a token follows, which is then pooled."""
    embedder = load(write_checkpoint(tmp_path, "qwen3_vl", appended="<|endoftext|>"), "qwen3_vl")
    template, told, _ = RENDERED["qwen3_vl"]
    prompt = embedder.prepare([Item("Where?")]).input_ids[0].tolist()
    assert prompt == ids_of(embedder, template.format(told=told, item="Where?") + "<|endoftext|>")


def test_without_an_instruction_there_is_no_system_turn() -> None:
    prompt = chatml(start=1, end=2, instruction="told")
    assert prompt.parts("x", "") == [1, "user\nx", 2, "\n", 1, "assistant\n"]
    assert prompt.parts("x", None)[:4] == [1, "system\ntold", 2, "\n"]


def test_tags_in_an_instruction_are_only_words() -> None:
    prompt = chatml(start=1, end=2, instruction="")
    assert prompt.parts("<image>x", "a <image> b")[:2] == [1, "system\na <image> b"]
    assert [part for part in prompt.parts("<image>x<graph>", "<graph>") if isinstance(part, Slot)] == [
        Slot.IMAGE,
        Slot.GRAPH,
    ]


@pytest.mark.parametrize(
    ("text", "told", "wanted"),
    [
        ("<graph> <image>why", "Find:", [Slot.GRAPH, " ", Slot.IMAGE, " Find: why"]),
        ("why<image>", "Find:", ["Find: why", Slot.IMAGE]),
        ("<image>", "Find:", [Slot.IMAGE, " Find:"]),
        ("<image> why", "", [Slot.IMAGE, " why"]),
        ("{instruction}", "Find:", ["Find: {instruction}"]),
    ],
)
def test_an_instruction_may_follow_the_leading_tags(text: str, told: str, wanted: list[object]) -> None:
    assert Prompt(system=(), opening=(), closing=(), tags_first=True).parts(text, told) == wanted


def test_a_prompt_that_is_too_long_is_refused_for_every_family(embedder: Embedder) -> None:
    config = InputsConfig(min_pixels=784, max_pixels=7000, max_length=4)
    with pytest.raises(DataError) as caught:
        InputBuilder(embedder.backbone, config, graph_tokens=None)([Item("word " * 50)])
    assert caught.value.code == "too-long"
