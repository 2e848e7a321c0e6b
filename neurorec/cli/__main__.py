"""``python -m neurorec.cli`` is ``neurorec``."""

from neurorec.cli import main

main()
