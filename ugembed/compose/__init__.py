"""Text of a local graph (captions, reasoning paths) and the choice of candidates for a question."""
