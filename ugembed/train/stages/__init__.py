"""Stages of training, one file each; dropping a file in adds a ``kind``."""
