"""A loop learns: one transition after another, by trial and reward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.circuits.loop_log import LoopLog
from neurorec.circuits.loop_state import LoopState
from neurorec.circuits.saving import resume_state
from neurorec.circuits.transitions import Transitions
from neurorec.process.carry_on import AbstractWork
from neurorec.random_numbers.seeds import LOOP, generator

if TYPE_CHECKING:
    from neurorec.circuits.sequence_loop import SequenceLoop


class Learning(AbstractWork):
    """Runs a syllable, chooses the next, learns from the reward, and logs it: again and again.

    Parameters
    ----------
    loop : SequenceLoop
    state : LoopState
        Where the loop stands; it moves along.
    log : LoopLog
    """

    counted = "transition"

    def __init__(self, loop: SequenceLoop, state: LoopState, log: LoopLog):
        self.loop, self.state, self.log, self.total = loop, state, log, log.total
        self.targets = Transitions(loop.sequence)

    @property
    def done(self) -> int:
        """Transitions so far."""
        return self.log.done

    @property
    def recent(self) -> float:
        """Share of the last transitions that were wrong."""
        return self.log.recent_errors

    @property
    def finished(self) -> bool:
        """Whether all transitions are done."""
        return self.done >= self.total

    def step(self) -> None:
        """One transition; a checkpoint when it is time."""
        loop, state, readout, syllable = self.loop, self.state, self.loop.readout, self.state.history[-1]
        activity, sent = loop.runner.run(syllable, state.units, loop.done)
        self.log.record(activity, loop.runner.inputs[syllable])
        state.units, cells = activity.states[-1].copy(), readout.cells(sent, state.history)
        chosen, explored = self._choose(cells, readout.allowed(state))
        rewarded = chosen in self.targets.right(state.history)
        readout.learn(chosen, cells, rewarded)
        state.append(chosen, loop.box)
        loop.done += 1
        self.log.append(syllable, chosen, explored, rewarded)
        if self.log.due:
            self.log.checkpoint(resume_state(loop, self.done))

    def conclude(self) -> None:
        """Checkpoint, and store what the loop and its units have become."""
        self.log.conclude(resume_state(self.loop, self.done), self.state.units)

    def close(self) -> None:
        """Close the file, if there is one."""
        self.log.close()

    def how_to_go_on(self) -> str:
        """The message for whoever interrupted the learning."""
        return self.log.how_to_go_on()

    def _choose(self, cells: np.ndarray, allowed: np.ndarray) -> tuple[int, bool]:
        """The winner, or now and then a random one of the allowed; and whether it was random."""
        rng = generator(self.loop.seed, LOOP, 1 + self.loop.done)
        if rng.random() < self.loop.exploration:
            return int(rng.choice(np.flatnonzero(allowed))), True
        return self.loop.readout.winner(cells, allowed), False
