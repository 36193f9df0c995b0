"""`GraphRecipe`: what a local graph holds, how far it reaches, and what a model reads of it. One YAML file a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, get_args

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from ugembed.registry import Config

NodeKind: TypeAlias = Literal["street", "crossing", "poi", "area", "transit", "image"]
EdgeKind: TypeAlias = Literal[
    "nearest", "near", "inside", "crossing", "along_street", "same_street", "bounds", "intersects"
]
TextField: TypeAlias = Literal["name", "category", "address", "district", "country"]

NODE_KINDS: tuple[NodeKind, ...] = get_args(NodeKind)
EDGE_KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)
TEXT_FIELDS: tuple[TextField, ...] = get_args(TextField)


class TextRecipe(Config):
    """What the text of a node says; training and evaluation must use the same."""

    english: bool = True
    """Add the English name in brackets where the map has another one."""
    ids: bool = False
    """Print ids: a model can match a node by its number, so leave them out unless a task is about them."""
    coordinates: bool = False
    """Print longitude and latitude to six decimals: a model can match a place by its digits."""
    leak_mask: tuple[str, ...] = ()
    """What a task asks for and no text may say: a field (``district``), or one of a kind of node (``street.name``)."""

    @field_validator("leak_mask")
    @classmethod
    def _known(cls, masks: tuple[str, ...]) -> tuple[str, ...]:
        for mask in masks:
            kind, dot, field = mask.rpartition(".")
            if field not in TEXT_FIELDS or (dot and kind not in NODE_KINDS):
                raise ValueError(f"{mask!r} is not a field ({', '.join(TEXT_FIELDS)}) or KIND.FIELD")
        return masks

    def hides(self, kind: str, field: str) -> bool:
        """Whether a field of nodes of a kind must not be said."""
        return field in self.leak_mask or f"{kind}.{field}" in self.leak_mask


class GraphRecipe(Config):
    """Nodes, edges, reach and size of local graphs."""

    nodes: tuple[NodeKind, ...] = ("street", "crossing", "poi", "area", "transit")
    """Kinds of nodes beside the image in the centre; ``image``: the other images as well."""
    streets: Literal["segments", "names"] = "segments"
    """A street node for every stretch between two crossings, or one for all stretches of one name."""
    edges: tuple[EdgeKind, ...] = EDGE_KINDS
    """Kinds of edges."""
    categories: Path | None = None
    """Which OSM tags count, and as what: a file like the shipped categories.yaml, which it replaces."""
    radius_m: float = Field(700.0, gt=0, le=20_000)
    """Straight-line radius, metres."""
    walk_m: PositiveFloat | None = None
    """Most metres along streets, if that counts too; things that no street leads to are left out then."""
    hops: PositiveInt | None = None
    """Most edges between the image and a node, if that counts too."""
    max_nodes: PositiveInt = 1000
    """Most nodes, the image included: those with the shortest way along streets, then the nearest, stay."""
    most: dict[NodeKind, int] = Field(default_factory=dict)
    """Most nodes of single kinds, chosen in the same order."""
    near_places: int = Field(8, ge=0)
    """How many of its nearest places an image has a ``near`` edge to."""
    text: TextRecipe = TextRecipe()
    """What node texts say."""

    @field_validator("nodes", "edges")
    @classmethod
    def _once(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(kinds)) < len(kinds):
            raise ValueError("names a kind twice")
        return kinds

    @model_validator(mode="after")
    def _streets_are_there(self) -> GraphRecipe:
        if "street" not in self.nodes:
            raise ValueError("nodes must have 'street': the image is joined to its street")
        return self
