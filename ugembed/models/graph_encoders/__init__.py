"""Graph encoders, one file each; dropping a file in adds a ``kind``."""
