"""What a local graph is, and how one is built from a map."""
