"""The reference's networkx pickles as graph files of ours; nothing that stands in a pickle is ever run.

``machine`` reads the opcodes into inert values, ``document`` turns those into plain JSON, ``worker`` does both in a
process of its own under limits that ``sandbox`` sets and watches; ``convert`` makes the graph, ``importing``
the folder.
"""
