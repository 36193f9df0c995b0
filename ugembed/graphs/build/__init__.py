"""From a map and image points to a folder of local graphs: `build_graphs`."""

from ugembed.graphs.build.config import BuildGraphsConfig
from ugembed.graphs.build.run import BuildSummary, build_graphs

__all__ = ["BuildGraphsConfig", "BuildSummary", "build_graphs"]
