"""What `build_graphs` reads, writes and keeps."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, PositiveInt, model_validator

from ugembed.graphs.recipe import GraphRecipe
from ugembed.registry import Config


class BuildGraphsConfig(Config):
    """A map, image points, a recipe, and where the graphs go."""

    points: Path
    """Image points: a CSV, Parquet or GeoJSON table, or a folder of photographs with their positions in EXIF."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Columns of that table under names of its own: id, lon, lat, geometry, heading or image to the table's name."""
    out: Path
    """Folder to write; must not exist."""
    osm: Path | None = None
    """Map file: .osm.pbf, .osm, .osm.gz or .osm.bz2."""
    streets: Path | None = None
    """Streets that take the place of the map's: GeoJSON, GeoParquet, GraphML or GeoPackage."""
    places: Path | None = None
    """Places that take the place of the map's: GeoJSON, GeoParquet or GeoPackage."""
    recipe: GraphRecipe = GraphRecipe()
    """What a graph holds."""
    max_snap_m: float = Field(100.0, gt=0)
    """A point further from every street than this is off the map."""
    shard: int | None = Field(None, ge=1, le=10_000)
    """Graphs to a zip file (`part-0000.zip`, …); none: a file each."""
    workers: PositiveInt | None = None
    """Processes; none: one for every 2000 images, at most one a core. The graphs are the same for any number."""
    skip_bad: bool = False
    """Leave points off the map and photographs without a position out, listed in rejected.jsonl, not refusing all."""

    @model_validator(mode="after")
    def _radius_reaches_the_street(self) -> BuildGraphsConfig:
        if self.max_snap_m > self.recipe.radius_m:
            raise ValueError(f"max_snap_m {self.max_snap_m:g} is larger than recipe.radius_m {self.recipe.radius_m:g}")
        return self
