"""The embedder: a vision-language backbone, a graph encoder, and how the two are fused."""
