"""``python -m neurorec``, as ``torchrun -m neurorec`` starts it."""

from neurorec.cli import main

main()
