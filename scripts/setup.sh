#!/usr/bin/env bash
# Makes or refreshes the environment in .venv: called by `make setup` when pyproject.toml or constraints.txt changed.
# The whole output of pip goes to .venv/setup.log; the screen shows what is happening, and the log's end on failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

recent() { "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; }

choose_python() {
  local candidate
  for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if recent "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  echo "error: no Python 3.11 or newer among: ${PYTHON:-python3.11 python3.12 python3.13 python3}" >&2
  echo "hint: install one, or name it: make setup PYTHON=/path/to/python3.11" >&2
  return 1
}

# One line that is rewritten as pip proceeds; nothing where stdout is not a terminal.
follow() {
  if [ -t 1 ]; then
    awk '/^ *Collecting /{n++; printf "\r\033[K  %d packages found, now %s", n, $2; fflush()}
         /^ *(Downloading|Processing) /{sub(/.*\//, "", $2); printf "\r\033[K  fetching %s", $2; fflush()}
         /^Installing collected/{printf "\r\033[K  unpacking %d packages", NF - 3; fflush()}
         END{printf "\r\033[K"}'
  else
    cat >/dev/null
  fi
}

started=$SECONDS
if ! recent .venv/bin/python; then
  python=$(choose_python)
  echo "setup: $("$python" --version) -> .venv"
  rm -rf .venv
  if ! "$python" -m venv .venv; then
    rm -rf .venv
    echo "hint: on Debian and Ubuntu, venv is a package of its own: apt install python3-venv" >&2
    exit 1
  fi
fi
echo "setup: installing the locked versions (fresh: about two minutes and 2 GB; log: .venv/setup.log)"
if ! .venv/bin/python -m pip install --no-input --disable-pip-version-check --progress-bar off \
    -c constraints.txt -e '.[dev,deepspeed,docs]' 2>&1 | tee .venv/setup.log | follow; then
  grep -v 'is ignored' .venv/setup.log | tail -n 25 >&2
  echo "error: pip failed; all it said is in .venv/setup.log" >&2
  exit 1
fi
touch .venv/.ready
echo "setup: ready after $((SECONDS - started)) s; '.venv/bin/ugembed doctor' says what this machine has"
