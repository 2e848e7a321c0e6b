"""A loop learns: one transition after another, by trial and reward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.circuits.loop_log import LoopLog
from neurorec.circuits.loop_state import LoopState
from neurorec.circuits.saving import resume_state
from neurorec.circuits.transitions import Transitions
from neurorec.process.interrupt import Interrupt
from neurorec.progress import Hook, Progress
from neurorec.random_numbers.seeds import LOOP, generator

if TYPE_CHECKING:
    from neurorec.circuits.sequence_loop import SequenceLoop


def learn_all(loop: SequenceLoop, state: LoopState, log: LoopLog, progress: bool | Hook) -> None:
    """Learn to the end of the log, whatever ends it; leave its file whole and closed.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, after the syllable under way.
    """
    targets = Transitions(loop.sequence)
    with log, Interrupt() as interrupt, Progress(progress, log.total, log.done, "transition") as shown:
        going = True
        while going and log.done < log.total and interrupt.received is None:
            _learn_one(loop, state, targets, log)
            going = _go_on(loop, state, log, shown)
        log.conclude(resume_state(loop, log.done), state.units)
    interrupt.act(log.how_to_go_on())


def _learn_one(loop: SequenceLoop, state: LoopState, targets: Transitions, log: LoopLog) -> None:
    """Run a syllable, choose the next, learn from the reward."""
    readout, syllable = loop.readout, state.history[-1]
    activity, sent = loop.runner.run(syllable, state.units, loop.done)
    log.record(activity, loop.runner.inputs[syllable])
    state.units, cells = activity.states[-1].copy(), readout.cells(sent, state.history)
    chosen, explored = _choose(loop, cells, readout.allowed(state))
    rewarded = chosen in targets.right(state.history)
    readout.learn(chosen, cells, rewarded)
    state.append(chosen, loop.box)
    loop.done += 1
    log.append(syllable, chosen, explored, rewarded)


def _choose(loop: SequenceLoop, cells: np.ndarray, allowed: np.ndarray) -> tuple[int, bool]:
    """The winner, or now and then a random one of the allowed; and whether it was random."""
    rng = generator(loop.seed, LOOP, 1 + loop.done)
    if rng.random() < loop.exploration:
        return int(rng.choice(np.flatnonzero(allowed))), True
    return loop.readout.winner(cells, allowed), False


def _go_on(loop: SequenceLoop, state: LoopState, log: LoopLog, shown: Progress) -> bool:
    """Show how far it is, and write a checkpoint if due, or where a hook raises: loop and log belong together here. Whether to go on."""
    if log.due:
        log.checkpoint(resume_state(loop, log.done))
    try:
        return shown.advance(log.done, log.recent_errors)
    except BaseException:
        log.conclude(resume_state(loop, log.done), state.units)
        raise
