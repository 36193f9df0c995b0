"""Configuration of a whole embedder."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SerializeAsAny, model_validator

from ugembed.models.backbones.base import BackboneConfig
from ugembed.models.fusion.base import FusionConfig
from ugembed.models.graph_encoders.base import GraphEncoderConfig
from ugembed.models.inputs import InputsConfig
from ugembed.models.lora import LoraConfig
from ugembed.registry import Config, OneOf


class ModelConfig(Config):
    """An embedder: backbone, adapters, and, for stage 2, the graph part."""

    backbone: Annotated[SerializeAsAny[BackboneConfig], OneOf("ugembed.models.backbones")]
    """The vision-language model."""
    lora: LoraConfig | None = Field(default_factory=LoraConfig)
    """Adapters of the language model; null leaves it frozen, or lets it be trained whole."""
    train: Literal["adapters", "full", "graph"] = "adapters"
    """``full``: every weight of the language model is trained, in float32; needs ``lora: null``. ``graph``: graph
    encoder, fusion and head alone; the language model stays what it is, its adapters included."""
    graph_encoder: Annotated[SerializeAsAny[GraphEncoderConfig], OneOf("ugembed.models.graph_encoders")] | None = None
    """What encodes the local graph; null for a model without one."""
    node_text: Literal["tokens", "contextual"] = "tokens"
    """What a node's text enters as: ``tokens``, the mean of its word embeddings; ``contextual``, the mean of what the
    language model without adapters makes of it, read once per distinct text."""
    fusion: Annotated[SerializeAsAny[FusionConfig], OneOf("ugembed.models.fusion")] | None = None
    """How encoded nodes reach the language model; null for a model without a graph part."""
    head: Literal["none", "whitened"] = "none"
    """What follows pooling: ``whitened`` makes all directions equally wide, fitted once to the texts of the run; wants
    ``train: graph``."""
    inputs: InputsConfig = Field(default_factory=InputsConfig)
    """How items become tokens."""
    prompts: dict[str, str] = Field(default_factory=dict)
    """What the model is told, by name: ``query`` and ``document`` for the two sides of a row, a task (a benchmark's
    family, a row's ``pair_type``) for its queries, any other for ``--prompt-name``. Where none fits,
    ``inputs.instruction`` counts."""

    @model_validator(mode="after")
    def _graph_part_is_whole(self) -> Self:
        wanted = self.fusion is not None and self.fusion.reads_nodes
        if (self.graph_encoder is not None) != wanted:
            raise ValueError(
                "graph_encoder and fusion go together: give both, or neither; fusion none wants no encoder"
            )
        if self.train == "full" and (self.lora is not None or getattr(self.backbone, "quantize", None) is not None):
            raise ValueError("train: full trains the weights themselves: give lora: null with it, and do not quantize")
        if "" in self.prompts:
            raise ValueError("prompts: every prompt wants a name")
        if self.node_text == "contextual" and (self.train == "full" or self.graph_encoder is None):
            raise ValueError("node_text: contextual wants a graph_encoder and a language model not trained whole")
        return self

    @model_validator(mode="after")
    def _frozen_part_is_frozen(self) -> Self:
        if self.train == "graph":
            if self.graph_encoder is None:
                raise ValueError("train: graph wants a graph_encoder and a fusion: there is nothing else to train")
            return self
        if self.fusion is not None and self.fusion.reads_words:
            raise ValueError(f"fusion: {self.fusion.kind} wants train: graph; names are read as documents, once")
        if self.head != "none":
            raise ValueError(f"head: {self.head} wants train: graph; it is fitted once, to vectors that last")
        return self
