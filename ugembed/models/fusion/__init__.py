"""Ways in which encoded nodes reach the language model, one file each; dropping a file in adds a ``kind``."""
