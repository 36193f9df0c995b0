"""OpenStreetMap files: which objects count, what they are called, and how they are read."""
