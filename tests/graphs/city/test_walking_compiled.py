"""Where the compiled search is kept, and that nobody pays for it who does not walk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ugembed.graphs.city import walking

CHECK = """
import walking_search
from ugembed.graphs.city.compiled import _dispatcher
from numba import types
dispatcher = _dispatcher(walking_search._longer.py_func)
dispatcher.compile((types.float64[::1], types.int64))
print(dispatcher.stats.cache_path)
"""


def test_numba_is_imported_only_by_who_walks() -> None:
    code = "import sys, ugembed.graphs.city.walking; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("user_cache", [True, False])
def test_compiled_code_goes_where_it_can_be_written_or_nowhere(tmp_path: Path, user_cache: bool) -> None:
    """The package's own folder is closed: a file stands where its ``__pycache__`` would be."""
    package, elsewhere = tmp_path / "package", tmp_path / "cache"
    package.mkdir()
    shutil.copy(Path(walking.__file__).with_name("walking_search.py"), package)
    (package / "__pycache__").write_text("closed")
    elsewhere.mkdir() if user_cache else elsewhere.write_text("closed")
    surroundings = {**os.environ, "PYTHONPATH": str(package), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(elsewhere)}
    surroundings.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run([sys.executable, "-c", CHECK], env=surroundings, capture_output=True, text=True, check=True)
    assert len(list(elsewhere.rglob("*.nbc"))) == int(user_cache)
    assert done.stdout.startswith(str(elsewhere) if user_cache else "None")
