"""Networks for other programs, which need no neurorec to run them."""

from neurorec.export.brian2 import to_brian2 as brian2
from neurorec.export.sonata import to_sonata as sonata

__all__ = ["brian2", "sonata"]
