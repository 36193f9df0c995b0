"""Ablations: the same questions to models that were trained with one thing changed, over seeds, in one table."""
