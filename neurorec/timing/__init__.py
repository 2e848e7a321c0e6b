"""Measuring side by side: a time means little, the ratio of two that were taken in turn means something."""

from neurorec.timing.clock import Spread as Spread
from neurorec.timing.clock import ratio as ratio
from neurorec.timing.clock import side_by_side as side_by_side
