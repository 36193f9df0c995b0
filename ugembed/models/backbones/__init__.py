"""Vision-language backbones, one file each; dropping a file in adds a ``kind``."""
