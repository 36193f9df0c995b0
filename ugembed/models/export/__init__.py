"""Models for use elsewhere: merged into plain transformers weights, for sentence-transformers, for the hub."""
