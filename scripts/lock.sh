#!/usr/bin/env bash
# Rewrites constraints.txt from what .venv holds. To move a version: `.venv/bin/pip install -U NAME`, `make check`, `make lock`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
{
  grep '^#' constraints.txt
  # A local version such as +cpu names one build; without it pip takes the build that its own index offers.
  .venv/bin/python -m pip list --format=freeze --exclude-editable --exclude pip --disable-pip-version-check 2>/dev/null |
    sed 's/+[^ ]*$//' | LC_ALL=C sort -f
} >constraints.txt.new
mv constraints.txt.new constraints.txt
