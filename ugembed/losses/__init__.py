"""Losses, one file each: tensors in, a scalar out; dropping a file in adds a ``kind``."""
