"""Make the tiny backbone: a small Qwen2.5-VL, pretrained on synthetic cities as real backbones are on the world.

``python -m ugembed.demo.pretrain`` (or ``make tiny-backbone``) writes ``ugembed/models/backbones/tiny_weights``. The
cities have seeds that no demo, test or benchmark uses. Four kinds of pairs are pulled together, all weights trained:

- a picture and a caption of what is visible in it (no names);
- two wordings of where a place is (names, distances, one thing that is visible);
- a picture under a question and a wording of where it was taken;
- the names around a place, listed one after the other, with or without its picture, and a wording of where it is.

No graph is seen: a node is nothing but words here, and positions and edges are unknown to the backbone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ugembed.demo.phrases import pick
from ugembed.demo.pretrain_data import Sight, city_config, read_cities
from ugembed.files import write_atomic
from ugembed.losses.info_nce import InfoNceConfig
from ugembed.models.backbones.qwen import QwenVL
from ugembed.models.backbones.tiny import QWEN_TOKENS, WEIGHTS, TinyConfig, qwen_config
from ugembed.models.inputs import InputBuilder, InputsConfig
from ugembed.records.item import IMAGE_TAG, Item
from ugembed.train.config import OptimizerConfig
from ugembed.train.optim import schedule

CARD = Path(__file__).with_name("data_card.md")
FIRST_SEED = 9000
"""Seeds of the pretraining cities start here; the demo and the tests stay below."""
SIZE = TinyConfig(width=128, layers=4, vision_width=96, vision_layers=4)
VOCABULARY = 4096
QUESTIONS = ("", "Where was this picture taken?", "What is this place?", "Which place is this?")
REQUESTS = ("", "", "Which picture shows this place? ", "Find this place: ")
INPUTS = InputsConfig(instruction="Embed this place.", min_pixels=784, max_pixels=168 * 112, cache_mb=6000)
OPTIMIZER = OptimizerConfig(lr=1.5e-3, weight_decay=0.05, betas=(0.9, 0.98), warmup_ratio=0.04, final_ratio=0.02)
LOSS = InfoNceConfig(temperature=0.05, symmetric=True)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long and on how much; the data card repeats it."""

    seed: int = 0
    cities: int = 16
    steps: int = 900
    batch: int = 48


def train_tokenizer(texts: Sequence[str]) -> Any:
    """A byte-level BPE tokenizer with Qwen's special tokens in front."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(QWEN_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=QWEN_TOKENS[0],
        eos_token=QWEN_TOKENS[2],
        additional_special_tokens=list(QWEN_TOKENS),
    )


def new_backbone(tokenizer: Any, seed: int) -> QwenVL:
    """A random tiny model, all of it trainable."""
    from transformers import Qwen2_5_VLModel
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    torch.manual_seed(seed)
    # three rows more than the tokenizer: the graph tokens that every backbone is given
    model = Qwen2_5_VLModel(qwen_config(SIZE, vocabulary=len(tokenizer) + 3))
    backbone = QwenVL(model, tokenizer, Qwen2VLImageProcessorPil(min_pixels=784, max_pixels=1_003_520))
    model.requires_grad_(True).train()
    return backbone


def batches(cities: Sequence[Sequence[Sight]], recipe: Recipe) -> Iterator[tuple[str, list[Item], list[Item]]]:
    """(kind, left items, right items) of every step; a batch is of one city.

    What is seen and what is read is learnt first, each by itself; then how the two belong together.
    """
    rng = np.random.default_rng(recipe.seed)
    for step in range(recipe.steps):
        lesson = FIRST_LESSONS if step < recipe.steps * FIRST_SHARE else LATER_LESSONS
        kind = lesson[step % len(lesson)]
        city = cities[int(rng.integers(len(cities)))]
        chosen = rng.choice(len(city), min(recipe.batch, len(city)), replace=False)
        pairs = [PAIRS[kind](city[int(k)], rng) for k in chosen]
        yield kind, [left for left, _ in pairs], [right for _, right in pairs]


def _captioned(sight: Sight, rng: np.random.Generator) -> tuple[Item, Item]:
    return Item(IMAGE_TAG, (sight.image,)), Item(sight.caption(rng))


def _worded_twice(sight: Sight, rng: np.random.Generator) -> tuple[Item, Item]:
    return Item(f"{pick(rng, REQUESTS)}{sight.wording(rng)}"), Item(sight.wording(rng))


def _placed(sight: Sight, rng: np.random.Generator) -> tuple[Item, Item]:
    right = Item(f"{pick(rng, REQUESTS)}{sight.wording(rng)}")
    return Item(f"{IMAGE_TAG}{pick(rng, QUESTIONS)}", (sight.image,)), right


def _listed(sight: Sight, rng: np.random.Generator) -> tuple[Item, Item]:
    names, right = sight.listing(rng), Item(sight.wording(rng))
    if rng.random() < 0.6:
        return Item(names), right
    return Item(f"{names}. {IMAGE_TAG}{pick(rng, QUESTIONS)}", (sight.image,)), right


PAIRS = {"caption": _captioned, "two wordings": _worded_twice, "placed": _placed, "listed": _listed}
FIRST_LESSONS = ("caption", "two wordings", "caption", "listed")
LATER_LESSONS = ("placed", "listed", "caption", "listed")
FIRST_SHARE = 0.55
"""Share of all steps that the first lessons take."""


def pretrain(
    cities: Sequence[Sequence[Sight]], recipe: Recipe, *, say: Callable[[str], None]
) -> tuple[QwenVL, dict[str, float]]:
    """Train a new backbone; returns it with its last in-batch accuracies."""
    rng = np.random.default_rng(recipe.seed + 1)
    corpus = [text for city in cities for s in city for text in (s.wording(rng), s.listing(rng), s.caption(rng))]
    backbone = new_backbone(train_tokenizer(corpus), recipe.seed)
    prepare = InputBuilder(backbone, INPUTS, graph_tokens=None)
    model = backbone.model
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=OPTIMIZER.lr, betas=OPTIMIZER.betas, weight_decay=OPTIMIZER.weight_decay
    )
    loss_of = LOSS.build()
    running = dict.fromkeys(PAIRS, 0.0)
    started = time.perf_counter()

    def encode(items: list[Item]) -> Tensor:
        inputs = prepare(items)
        return functional.normalize(backbone.pool(backbone.hidden_states(inputs), inputs.attention_mask), dim=1)

    for step, (kind, left, right) in enumerate(batches(cities, recipe)):
        for group in optimizer.param_groups:
            group["lr"] = OPTIMIZER.lr * schedule(step, recipe.steps, OPTIMIZER)
        one, other = encode(left), encode(right)
        target = torch.arange(len(one))
        loss = loss_of(one, other, target, torch.zeros(len(one), len(other), dtype=torch.bool))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), OPTIMIZER.clip_norm)
        optimizer.step()
        accuracy = float(((one @ other.T).argmax(dim=1) == target).float().mean())
        running[kind] += (accuracy - running[kind]) * 0.05
        if step % 50 == 49:
            speed = (step + 1) / (time.perf_counter() - started)
            shown = ", ".join(f"{name} {accuracy:.2f}" for name, accuracy in running.items())
            say(f"step {step + 1}/{recipe.steps}: {speed:.2f} steps/s, in-batch accuracy: {shown}")
    return backbone, running


def save(backbone: QwenVL, folder: Path, card: str) -> None:
    """Write the backbone as a plain transformers folder, in float16."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    backbone.model.half().save_pretrained(folder)
    backbone.save_text_side(folder)
    write_atomic(folder / "README.md", card.encode())


def data_card(recipe: Recipe, results: dict[str, float], weights: int) -> str:
    """What the weights are made of: `data_card.md`, filled in."""
    return CARD.read_text(encoding="utf-8").format(
        millions=f"{weights / 1e6:.1f}",
        size=SIZE,
        first=FIRST_SEED,
        last=FIRST_SEED + recipe.cities - 1,
        recipe=recipe,
        loss=LOSS,
        optimizer=OPTIMIZER,
        results=", ".join(f"{kind} {accuracy:.2f}" for kind, accuracy in results.items()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--work", type=Path, default=Path("runs/pretrain"), help="where the cities are written")
    for name, value in (("seed", 0), ("cities", 16), ("steps", 900), ("batch", 48)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = vars(parser.parse_args())
    out, work = given.pop("out"), given.pop("work")
    recipe = Recipe(**given)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    configs = [city_config(FIRST_SEED + number) for number in range(recipe.cities)]
    cities = read_cities(work, configs, say)
    backbone, results = pretrain(cities, recipe, say=say)
    weights = sum(parameter.numel() for parameter in backbone.model.parameters())
    save(backbone, out, data_card(recipe, results, weights))


if __name__ == "__main__":
    main()
