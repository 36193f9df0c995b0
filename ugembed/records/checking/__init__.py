"""The pass over files of rows: blocks of lines in, facts and problems out, and what only many rows together tell."""
