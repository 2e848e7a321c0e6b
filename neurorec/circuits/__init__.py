"""Loops around a network, which chain the short patterns it has learnt into long sequences."""

from neurorec.circuits.box import Box
from neurorec.circuits.conjunctive_cells import ConjunctiveCells
from neurorec.circuits.end_state import EndState
from neurorec.circuits.performance import Performance
from neurorec.circuits.reward_prediction import RewardPrediction
from neurorec.circuits.rewarded_hebbian import RewardedHebbian
from neurorec.circuits.sequence_loop import SequenceLoop

__all__ = ["Box", "ConjunctiveCells", "EndState", "Performance", "RewardPrediction", "RewardedHebbian", "SequenceLoop"]
