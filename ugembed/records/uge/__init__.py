"""The reference's JSON lines: rows, turns, training pairs, benchmark cases, items, and writing them back."""
