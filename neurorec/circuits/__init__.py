"""Loops around a network, which chain the short patterns it has learnt into long sequences."""

from neurorec.circuits.box import Box as Box
from neurorec.circuits.performance import Performance as Performance
from neurorec.circuits.sequence_loop import SequenceLoop as SequenceLoop
from neurorec.discovery import load, names

globals().update({part.__name__: part for kind in ("contexts", "plasticities") for part in (load(kind, each) for each in names(kind))})
