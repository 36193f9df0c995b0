"""Configuration of a training run: ``configs/stage1.yaml`` and its kin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SerializeAsAny,
    model_validator,
)

from ugembed.losses.base import LossConfig
from ugembed.losses.info_nce import InfoNceConfig
from ugembed.models.config import ModelConfig
from ugembed.registry import Config, OneOf
from ugembed.sampling.base import SamplerConfig
from ugembed.sampling.shuffled import ShuffledConfig
from ugembed.train.stages.base import StageConfig


class DataConfig(Config):
    """What is learnt from."""

    train: tuple[Path, ...]
    """Training files (JSON lines, docs/data_format.md)."""
    validation: tuple[Path, ...] = ()
    """Files whose loss and in-batch accuracy are reported at every save."""
    roots: tuple[Path, ...] = ()
    """Folders that relative image and graph paths start from; default: each file's own folder, then the current one."""
    limit: PositiveInt | None = None
    """Use only the first rows of each file."""


class OptimizerConfig(Config):
    """AdamW in two groups, cosine schedule with warm-up, clipping (reference sections 4.2, 4.3)."""

    lr: PositiveFloat = 5e-5
    """Peak learning rate of the language model's adapters."""
    graph_lr: PositiveFloat = 5e-5
    """Peak learning rate of graph encoder, fusion and head."""
    weight_decay: NonNegativeFloat = 0.1
    """On matrices; vectors (biases, norms, gains) have none."""
    betas: tuple[float, float] = (0.9, 0.95)
    """Of AdamW."""
    warmup_ratio: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Share of all steps in which the learning rate rises linearly."""
    final_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the peak at which the cosine ends."""
    clip_norm: PositiveFloat = 1.0
    """Gradients are scaled down to this norm."""


class TrainerConfig(Config):
    """The loop."""

    epochs: PositiveInt = 5
    """Passes over the training rows."""
    max_steps: PositiveInt | None = None
    """Stop after this many optimizer steps, whatever ``epochs`` says; the schedule ends there."""
    batch_size: PositiveInt = 8
    """Rows per process and micro-step; each sees the documents of all processes as negatives."""
    accumulation: PositiveInt = 1
    """Micro-steps per optimizer step. Accumulation does not enlarge the contrast."""
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    """bfloat16: autocast on frozen and trained layers; trained weights stay float32."""
    chunk_rows: PositiveInt | None = None
    """Rows (queries, documents) encoded at once; gradients are cached where a micro-step has more. null: no limit."""
    chunk_tokens: PositiveInt | None = None
    """Tokens encoded at once, padding included; as ``chunk_rows``, and better where rows differ in length."""
    gradient_checkpointing: bool | Literal["auto"] = "auto"
    """Recompute activations in the backward pass: less memory, more time. ``auto``: only without chunks, since these
    are computed twice already, and a smaller chunk saves the same memory for less."""
    log_every: PositiveInt = 10
    """Optimizer steps between lines of metrics.jsonl."""
    save_every: NonNegativeInt = 800
    """Optimizer steps between checkpoints; 0 saves only at the end."""
    keep_last: PositiveInt = 2
    """Checkpoints kept."""
    max_skipped: NonNegativeInt = 3
    """Steps in a row that may be left out because their loss or gradient is not finite; one more ends the run."""
    seed: NonNegativeInt = 42
    """Of everything random."""
    strategy: Literal["auto", "single", "ddp"] = "auto"
    """``auto``: DDP when started by torchrun with more than one process, else a single process."""
    device: str = "auto"
    """``auto``: a GPU if there is one."""
    threads: NonNegativeInt = 0
    """CPU threads; 0 leaves torch's default."""


class TrainConfig(Config):
    """A run of one stage."""

    stage: Annotated[SerializeAsAny[StageConfig], OneOf("ugembed.train.stages")]
    """What a step is."""
    out: Path
    """Run folder: config, metrics and checkpoints."""
    init_from: Path | None = None
    """Run, checkpoint or model whose weights to start from (stage 2 from stage 1)."""
    model: ModelConfig
    data: DataConfig
    loss: Annotated[SerializeAsAny[LossConfig], OneOf("ugembed.losses")] = Field(default_factory=InfoNceConfig)
    sampling: Annotated[SerializeAsAny[SamplerConfig], OneOf("ugembed.sampling")] = Field(
        default_factory=ShuffledConfig
    )
    optimizer: OptimizerConfig = Field(default_factory=OptimizerConfig)
    trainer: TrainerConfig = Field(default_factory=TrainerConfig)

    @model_validator(mode="after")
    def _the_loss_takes_weights(self) -> Self:
        if getattr(self.stage, "near_m", None) is not None and not self.loss.weighs_negatives:
            raise ValueError(f"stage.near_m weighs negatives, and loss {self.loss.kind} takes no weights")
        return self
