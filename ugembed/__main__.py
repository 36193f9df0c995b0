"""``python -m ugembed`` is ``ugembed``."""

from ugembed.cli.app import main

main()
