"""The concatenated-pattern circuit: a loop that chains learnt syllables into a sequence (Murray 2019, Fig 4)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, final

from neurorec.arrays import whole
from neurorec.circuits import saving
from neurorec.circuits.box import Box
from neurorec.circuits.contexts.base import AbstractContext
from neurorec.circuits.learning import Learning
from neurorec.circuits.loop_log import LoopLog, expect_log_fits
from neurorec.circuits.loop_state import LoopState
from neurorec.circuits.performance import Performance, perform
from neurorec.circuits.plasticities.base import AbstractPlasticity
from neurorec.circuits.readout import Readout
from neurorec.circuits.settings import expect_a_choice, numbers_of, probability, syllable_names
from neurorec.circuits.syllable_runner import SyllableRunner
from neurorec.discovery import name_of, resolve
from neurorec.display import AbstractDisplayed, Rows, several, some
from neurorec.engines.base import AbstractEngine
from neurorec.networks.network import Network
from neurorec.process.carry_on import carry_on
from neurorec.progress import Hook
from neurorec.random_numbers.seeds import LOOP, entropy, generator
from neurorec.runs.loop_file import LoopFile, StoredLoop, read_loop
from neurorec.runs.record import Record, spacing
from neurorec.trust import Trust, Trusted, trusted

if TYPE_CHECKING:
    import numpy as np
    import xarray


@final
class SequenceLoop(AbstractDisplayed):
    """A network whose inputs are switched by a winner-take-all readout of its own activity.

    Cortex, striatum and thalamus of the paper: the network is trained on syllables, one input each, and stays as it is. A readout unit
    a syllable competes for the next one; a gate lets it act when a movement ends. The winner switches on the network's input
    of its syllable. Which unit wins is learnt by reward and chance alone: a random one is tried now and then, and where the transition
    is right, the winner's weights from the active cells grow. Between two movements there may be a hold, all inputs off; the state
    of the network runs on throughout.

    The paper leaves open how holds are made, whether the state is carried over, what bounds the weights, and what follows a mistake.
    Here: as said, carried over, a largest length, and the sequence is taken up wherever the mistake has led.

    Parameters
    ----------
    network : Network
        Trained; one input a syllable.
    duration, hold : float
        Of a movement, and of the hold after it, in seconds; 0 for no holds.
    syllables : sequence of str, optional
        Their names. None: ``"0"``, ``"1"``, ...
    engine : str or engine
        That steps the network.
    exploration : float
        How likely a random unit is chosen instead of the winner, from 0 to 1.
    refractory : int
        How many of the last syllables cannot be chosen again.
    context : AbstractContext or str
        Which cells project to the readout, from ``nr.names("contexts")``: ``"end_state"`` as in the paper; ``"conjunctive_cells"`` where a
        syllable has several successors.
    plasticity : AbstractPlasticity or str
        How reward changes the readout's weights, from ``nr.names("plasticities")``: ``"rewarded_hebbian"`` as in the paper.
    box : Box, optional
        Keeps a cursor in bounds.
    seed : int or None
        Fixes first weights, exploration and the network's noise.

    Attributes
    ----------
    runner : SyllableRunner
        Runs the network through a syllable.
    readout : Readout
        Chooses the next syllable.
    weights : (syllables, cells) array
        Of the readout: Ws.
    state : LoopState or None
        Where the next transition to learn from begins.
    done : int
        Transitions learnt from so far.
    sequence : tuple of int
        Learnt last.

    Raises
    ------
    ShapeError, ValueRefused
        If the network's inputs are not the syllables, or a setting is out of its range.

    References
    ----------
    Murray (2019), eLife 8:e43299, "Learning a sequence of actions"; the architecture is that of Logiaco, Abbott and Escola.

    Examples
    --------
    A loop around a network that knows four syllables, one input each; the sequence is learnt in a file, from which it can go on::

        loop = SequenceLoop(run.network, duration=0.5, hold=0.5, syllables="ABCD")
        loop.learn("ABCD", transitions=2000, path="abcd.loop")
        loop.perform(8).syllables  # "A", "B", "C", "D", "A", ...
        SequenceLoop.resume("abcd.loop")  # after a kill: the transitions that are left
        SequenceLoop.load("abcd.loop").learn("ADCB", transitions=2000)  # another sequence, from what was learnt
    """

    def __init__(
        self,
        network: Network,
        duration: float = 2.0,
        hold: float = 2.0,
        syllables: Sequence[str] | None = None,
        engine: str | AbstractEngine = "numba",
        exploration: float = 0.1,
        refractory: int = 0,
        context: str | AbstractContext = "end_state",
        plasticity: str | AbstractPlasticity = "rewarded_hebbian",
        box: Box | None = None,
        seed: int | None = 0,
    ):
        self.network, self.box, self.seed = network, box, entropy(seed)
        self.syllables = syllable_names(network, syllables)
        self.context, self.plasticity = resolve("contexts", context), resolve("plasticities", plasticity)
        self.exploration, self.refractory = probability("exploration", exploration), whole("refractory", refractory, least=0)
        expect_a_choice(self.syllables, self.refractory, box)
        sizes = network.readout.shape[1], len(self.syllables)
        self.readout = Readout(self.context, self.plasticity, *sizes, self.refractory, box, generator(self.seed, LOOP))
        self.runner = SyllableRunner(network, resolve("engines", engine), duration, hold, self.seed)
        self.state: LoopState | None = None
        self.done, self.sequence = 0, ()

    @property
    def duration(self) -> float:
        """Of a movement, in seconds."""
        return self.runner.duration

    @property
    def hold(self) -> float:
        """Of the hold after it, in seconds."""
        return self.runner.hold

    @property
    def weights(self) -> np.ndarray:
        """Ws, (syllables, cells): of the winner-take-all readout."""
        return self.readout.weights

    def learn(
        self,
        sequence: Sequence[str] | Sequence[int] | str,
        transitions: int = 10_000,
        path: str | Path | None = None,
        record: Record | None = None,
        progress: bool | Hook = True,
        overwrite: bool = False,
    ) -> xarray.Dataset:
        """Learn a sequence, repeated without end, by trial and reward; the network does not change.

        A second call goes on where the first ended, with the same or another sequence.

        Parameters
        ----------
        sequence : sequence of str or int
            Names or numbers of syllables; of a text, its letters.
        transitions : int
            How many to learn from.
        path : str or Path, optional
            A file for the log, trajectories and the loop itself, written about once a second: whatever ends the learning, a kill
            included, `resume` goes on with it and `load` reads it; ``xarray.open_datatree(path, engine="h5netcdf")`` shows it all.
        record : Record, optional
            Which trajectories, and of every how many syllables. None: 20 of them, evenly spaced.
        progress : bool or callable
            A bar; or a function of (done, total, share that was wrong of the last hundred), called after every transition; where it
            returns False, the learning stops there, and `resume` goes on with its file.
        overwrite : bool
            Replace a file at `path`.

        Returns
        -------
        xarray.Dataset
            Over ``trial``, one a transition: ``previous`` and ``next`` (numbers of syllables), ``explored``, ``rewarded``.

        Raises
        ------
        UnknownName, ValueRefused
            If a syllable is not known, the sequence is empty, or the log would not fit into memory.
        RunFileError
            If the file cannot be written.
        KeyboardInterrupt
            On Ctrl-C, after the syllable under way; the loop and its file hold what was learnt until then.
        """
        self.sequence, total = numbers_of(sequence, self.syllables), whole("transitions", transitions)
        expect_log_fits(total)
        self.state = self.state or LoopState.initial(self.runner.rest, self.sequence[0], self.box)
        contents = saving.contents(self, total, record or Record(("output",), every=spacing(total)))
        file = None if path is None else LoopFile.create(Path(path), contents, self.weights.shape, overwrite)
        log = LoopLog(self.network, contents.layout, file)
        carry_on(Learning(self, self.state, log), progress)
        return log.to_xarray()

    @classmethod
    def resume(
        cls, path: str | Path, engine: str | AbstractEngine | None = None, progress: bool | Hook = True, trust: Trust = False
    ) -> SequenceLoop:
        """Go on with a learning that was stopped or killed, in its file, bit for bit as if it had run through.

        Parameters
        ----------
        path : str or Path
            The file of ``learn(path=)``.
        engine, progress, trust
            As for `load` and `learn`.

        Returns
        -------
        SequenceLoop
            Which has learnt from all transitions of the file; the log is in the file.

        Raises
        ------
        RunFileError
            If there is no loop in the file, it is being written by another process, or it names a class that is not trusted.
        """
        file, known = LoopFile.open(Path(path)), trusted(trust)
        try:
            stored = file.stored(known)
            loop = cls._from(stored, engine, known)
            log = LoopLog(loop.network, file.layout, file, stored.state.trials)
        except Exception:
            file.close()
            raise
        if loop.state is not None:
            carry_on(Learning(loop, loop.state, log), progress)
        return loop

    def perform(self, n_syllables: int, first: str | int | None = None) -> Performance:
        """Let the loop run from rest, without exploration; nothing is learnt, and the loop does not change.

        Parameters
        ----------
        n_syllables : int
            How many.
        first : str or int, optional
            The syllable to begin with. None: the first of the sequence learnt last.

        Raises
        ------
        UnknownName, ValueRefused
            If `first` is not known, or the performance would not fit into memory.
        """
        count, default = whole("n_syllables", n_syllables), self.sequence[0] if self.sequence else 0
        return perform(self, count, default if first is None else numbers_of([first], self.syllables)[0])

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Save network, weights and state, to go on by `load`; with `overwrite`, in the place of a file at `path`.

        Raises
        ------
        RunFileError
            If the file exists, or cannot be written.
        """
        LoopFile.create(Path(path), saving.contents(self, 1, Record.nothing(), done=1), self.weights.shape, overwrite).close()

    @classmethod
    def load(cls, path: str | Path, engine: str | AbstractEngine | None = None, trust: Trust = False) -> SequenceLoop:
        """The loop that `save` or ``learn(path=)`` left.

        Parameters
        ----------
        path : str or Path
        engine : str or engine, optional
            In the place of its own.
        trust : bool or classes
            As for `nr.open_run`: classes of your own that the file names.

        Raises
        ------
        RunFileError
            If there is no loop in the file, or it names a class that is not trusted.
        """
        known = trusted(trust)
        return cls._from(read_loop(Path(path), known), engine, known)

    @classmethod
    def _from(cls, stored: StoredLoop, engine: str | AbstractEngine | None, trust: Trusted) -> SequenceLoop:
        """The loop that a file holds."""
        loop = cls(stored.network, **saving.arguments(stored.settings, engine, trust))
        saving.restore(loop, stored.settings, stored.state)
        return loop

    def _display(self) -> tuple[str, Rows]:
        rows = [
            ("network", f"{self.network.sizes}, {self.network.cell}"),
            ("timing", f"{self.duration:g} s of movement, {self.hold:g} s of hold"),
            ("sequence", several(self.syllables[each] for each in self.sequence)),
            ("exploration", f"{self.exploration:g}; refractory for {some(self.refractory, 'syllable')}"),
            ("readout", f"{self.weights.shape[1]} {name_of(self.context)} cells, by {name_of(self.plasticity)}"),
        ]
        return f"{several(self.syllables)}; {some(self.done, 'transition')} learnt from", rows
