"""Make machine code of the compiled functions: ``python -m ugembed.records.uge.compiled.build [FILE]``.

numba takes some ten seconds and 300 MiB for that, and half a second merely to be imported; so it works in a process of
its own, and what it made is kept as an object file, which `ugembed.records.uge.compiled.load` takes as it is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
from numba import types

from ugembed.files import write_atomic
from ugembed.records.uge.compiled.load import object_file, target_machine
from ugembed.records.uge.compiled.rows import ENTRIES

_NICE = 10


def object_code() -> bytes:
    """An object file with the functions of `ENTRIES` under their names."""
    module = llvm.parse_assembly("")
    function: Any
    for name, (function, arguments) in ENTRIES.items():
        signature = (types.int64,) * arguments
        function.compile(signature)
        part = llvm.parse_assembly(function.inspect_llvm(signature))
        part.get_function(function.overloads[signature].fndesc.llvm_func_name).name = name
        module.link_in(part)
    for function in module.functions:
        if not function.is_declaration and function.name not in ENTRIES:
            function.linkage = "internal"
    machine = target_machine()
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(module, passes)
    return bytes(machine.emit_object(module))


if __name__ == "__main__":
    os.nice(_NICE)
    write_atomic(Path(sys.argv[1]) if sys.argv[1:] else object_file(), object_code())
