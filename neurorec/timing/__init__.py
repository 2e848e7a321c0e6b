"""Timing side by side: a single time depends on the machine's load, the ratio of two taken in turn hardly."""

from neurorec.timing.clock import Spread as Spread
from neurorec.timing.clock import ratio as ratio
from neurorec.timing.clock import side_by_side as side_by_side
