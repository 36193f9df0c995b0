"""The compiled pass over rows: a block of bytes becomes numbers; what is not surely clean is left out.

One walk over the bytes reads a row as JSON, strictly, and gathers its facts on the way. No objects are made: a text is
the part of the block where it stands, or, if it has escapes, where it was written again behind the block; it is hashed
eight bytes at a time while its end is looked for. Names of files and labels become numbers of a table, which are looked
up when the block is done (`ugembed.records.checking.swift`).

Everything lies in one piece of memory of fixed size (`memory`), which the functions get by its address. They return the
position behind what they read, or `DOUBT`: it is wrong, or rare. numba checks no bounds; so loops over a block end at
the zeros behind it, at the latest, and whoever writes asks for room first.

Layers: `memory` < `machine` < `words` < `literals`, `siphash` < `strings` < `texts` < `values` < `files`, `turns` <
`queries` < `pairs`, `cases` < `rows`. Only `memory` and `load` can be imported without numba.
"""
