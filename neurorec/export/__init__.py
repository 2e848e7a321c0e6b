"""Networks for other programs, which need no neurorec to run them."""

from neurorec.export.brian2 import to_brian2 as brian2

__all__ = ["brian2"]
