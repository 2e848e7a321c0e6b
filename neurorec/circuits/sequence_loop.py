"""The concatenated-pattern circuit: a loop that chains learnt syllables into a sequence (Murray 2019, Fig 4)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from neurorec.arrays import whole
from neurorec.circuits.base import AbstractContext, AbstractPlasticity
from neurorec.circuits.box import Box
from neurorec.circuits.course import Course
from neurorec.circuits.diary import COLUMNS, Diary, expect_log_fits
from neurorec.circuits.parts import CONTEXTS, PLASTICITIES, described, expect_a_choice, names, part, remade, share
from neurorec.circuits.performance import Performance, Stage, expect_room
from neurorec.circuits.player import Player
from neurorec.circuits.transitions import Transitions
from neurorec.discovery import name_of, resolve
from neurorec.display import AbstractDisplayed, Rows, several, some
from neurorec.engines.base import AbstractEngine, Activity
from neurorec.errors import UnknownName, ValueRefused
from neurorec.networks.network import Network
from neurorec.process.interrupt import Interrupt
from neurorec.progress import Hook, Progress
from neurorec.random_numbers.seeds import LOOP, entropy, generator
from neurorec.runs.layout import Layout, Plan
from neurorec.runs.loop_file import LoopFile, StoredLoop, read_loop
from neurorec.runs.record import Record
from neurorec.runs.slots import State
from neurorec.trust import Trust, Trusted, instance, restored, trusted

if TYPE_CHECKING:
    import xarray

SETTINGS = ("duration", "hold", "syllables", "exploration", "refractory", "seed")  # that a file keeps as they are


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
        Which cells project to the readout: ``"end_state"`` as in the paper; ``"conjunctive_cells"`` where a syllable has several
        successors.
    plasticity : AbstractPlasticity or str
        How reward changes the readout's weights: ``"rewarded_hebbian"`` as in the paper, or ``"reward_prediction"``.
    box : Box, optional
        Keeps a cursor in bounds.
    seed : int or None
        Fixes first weights, exploration and the network's noise.

    Attributes
    ----------
    weights : (syllables, cells) array
        Ws, uniform between -1 / sqrt(cells) and 1 / sqrt(cells) at first.
    course : Course or None
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
        self.syllables = names(network, syllables)
        self.context, self.plasticity = part("context", CONTEXTS, context), part("plasticity", PLASTICITIES, plasticity)
        self.exploration, self.refractory = share(exploration), whole("refractory", refractory, least=0)
        expect_a_choice(self.syllables, self.refractory, box)
        outputs, rng = network.readout.shape[1], generator(self.seed, LOOP)
        self._code = self.context.code(outputs, len(self.syllables), rng)
        shape = len(self.syllables), self.context.count(outputs)
        self.weights = rng.uniform(-1, 1, shape) / np.sqrt(shape[1])
        self._player = Player(network, resolve("engines", engine), duration, hold, self.seed)
        self.course: Course | None = None
        self.done, self.sequence = 0, ()

    @property
    def duration(self) -> float:
        """Of a movement, in seconds."""
        return self._player.duration

    @property
    def hold(self) -> float:
        """Of the hold after it, in seconds."""
        return self._player.hold

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
            On Ctrl-C, after the syllable under way; the loop, and its file, hold what was learnt until then.
        """
        self.sequence, total = self._numbers(sequence), whole("transitions", transitions)
        expect_log_fits(total)
        self.course = self.course or Course.begun(self._player.rest, self.sequence[0], self.box)
        plan = self._plan(total, record or Record(("output",), every=max(1, total // 20)))
        file = None if path is None else LoopFile.create(Path(path), plan, self.weights.shape, overwrite)
        return self._go_on(Diary(self.network, plan.layout, file), self.course, progress)

    @classmethod
    def resume(
        cls, path: str | Path, engine: str | AbstractEngine | None = None, progress: bool | Hook = True, trust: Trust = False
    ) -> SequenceLoop:
        """Go on with a learning that was stopped or killed, in its file, to the same bits as if it had not been.

        Parameters
        ----------
        path : str or Path
            The file of ``learn(path=)``.
        engine, progress, trust
            As for `load` and `learn`.

        Returns
        -------
        SequenceLoop
            Which has learnt all the transitions that were asked for; the log is in the file.

        Raises
        ------
        RunFileError
            If there is no loop in the file, it is being written by another process, or it names a class that is not trusted.
        """
        file, known = LoopFile.open(Path(path)), trusted(trust)
        try:
            stored = file.stored(known)
            loop = cls._made(stored, engine, known)
            diary = Diary(loop.network, file.layout, file, stored.state.trials)
        except Exception:
            file.close()
            raise
        if loop.course is not None:
            loop._go_on(diary, loop.course, progress)
        return loop

    def perform(self, n_syllables: int, first: str | int | None = None) -> Performance:
        """Let the loop run from rest, without exploration; nothing is learnt, the loop stays as it is.

        Parameters
        ----------
        n_syllables : int
            How many.
        first : str or int, optional
            The one that is given. None: the first of the sequence learnt last.

        Raises
        ------
        UnknownName, ValueRefused
            If `first` is not known, or the performance would not fit into memory.
        """
        count, targets = whole("n_syllables", n_syllables), Transitions(self.sequence or (0,))
        expect_room(self._player, count)
        begin = targets.sequence[0] if first is None else self._numbers([first])[0]
        course, stage = Course.begun(self._player.rest, begin, self.box), Stage(self.network, self._player.inputs)
        for k in range(count):
            activity, sent = self._player.play(course.history[-1], course.state, k)
            course.state = activity.states[-1].copy()
            stage.keep(course.history[-1], activity)
            if k + 1 < count:
                winner = self._winner(self._code(sent, course.history), self._allowed(course))
                stage.judge(winner in targets.right(course.history))
                course.go_on(winner, self.box)
        return stage.performance(self.syllables)

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Network, weights and state, so that `load` goes on with them."""
        nothing = self._plan(1, Record(variables=(), checkpoints=1), done=1)
        LoopFile.create(Path(path), nothing, self.weights.shape, overwrite).close()

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
        return cls._made(read_loop(Path(path), known), engine, known)

    @classmethod
    def _made(cls, stored: StoredLoop, engine: str | AbstractEngine | None, trust: Trusted) -> SequenceLoop:
        told, state = stored.settings, stored.state
        settings = {name: told[name] for name in SETTINGS}
        parts = {
            "context": remade(CONTEXTS, AbstractContext, told["context"], trust),
            "plasticity": remade(PLASTICITIES, AbstractPlasticity, told["plasticity"], trust),
        }
        box = told["box"] and instance(Box, told["box"])
        runner = restored("engines", told["engine"], told["engine_settings"], trust) if engine is None else engine
        loop = cls(stored.network, **settings, engine=runner, **parts, box=box)
        loop.weights[...] = state.vector.reshape(loop.weights.shape)
        loop.done, loop.sequence = state.updates, tuple(told["sequence"])
        course = Course.from_vector(state.carried, loop._player.rest)
        loop.course = course if course.history else None
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

    def _go_on(self, diary: Diary, course: Course, progress: bool | Hook) -> xarray.Dataset:
        """Learn to the end, whatever ends it; leave the file whole and closed."""
        targets = Transitions(self.sequence)
        with diary, Interrupt() as interrupt, Progress(progress, diary.total, diary.done, "transition") as shown:
            going = True
            while going and diary.done < diary.total and interrupt.received is None:
                activity, *row = self._learn_one(course, targets)
                diary.note(row, activity, self._player.inputs[row[0]])
                going = self._kept(diary, course, shown)
            diary.conclude(self._state(diary.done), course.state)
        interrupt.act(diary.how_to_go_on())
        return diary.log()

    def _kept(self, diary: Diary, course: Course, shown: Progress) -> bool:
        """Between two syllables, where all belongs together: a checkpoint when it is time, or where a hook raises. Whether to go on."""
        if diary.due:
            diary.checkpoint(self._state(diary.done))
        try:
            return shown.advance(diary.done, 1 - diary.rewarded)
        except BaseException:
            diary.conclude(self._state(diary.done), course.state)
            raise

    def _learn_one(self, course: Course, targets: Transitions) -> tuple[Activity, int, int, bool, bool]:
        """Play a syllable, choose the next, learn from it; what was played, what came, whether by chance, and whether it was right."""
        played = course.history[-1]
        activity, sent = self._player.play(played, course.state, self.done)
        course.state, cells, allowed = activity.states[-1].copy(), self._code(sent, course.history), self._allowed(course)
        rng = generator(self.seed, LOOP, 1 + self.done)
        explored = bool(rng.random() < self.exploration)
        winner = int(rng.choice(np.flatnonzero(allowed))) if explored else self._winner(cells, allowed)
        right = winner in targets.right(course.history)
        self.plasticity.change(self.weights, winner, cells, right)
        course.go_on(winner, self.box)
        self.done += 1
        return activity, played, winner, explored, right

    def _winner(self, cells: np.ndarray, allowed: np.ndarray) -> int:
        """The most strongly driven of the allowed units: z = Ws c."""
        return int(np.where(allowed, self.weights @ cells, -np.inf).argmax())

    def _allowed(self, course: Course) -> np.ndarray:
        """Which units may win, (syllables,) of bool."""
        allowed = np.ones(len(self.syllables), bool) if self.box is None else self.box.inside(course.at)
        rested = allowed.copy()
        rested[course.history[len(course.history) - self.refractory :]] = False
        return rested if rested.any() else allowed

    def _numbers(self, sequence: Sequence[Any]) -> tuple[int, ...]:
        """Syllables by number."""
        if len(sequence) == 0:
            raise ValueRefused(f"the sequence is empty; give at least one of {', '.join(self.syllables)}")
        return tuple(self._number(each) for each in sequence)

    def _number(self, syllable: Any) -> int:
        if isinstance(syllable, int | np.integer) and 0 <= syllable < len(self.syllables):
            return int(syllable)
        if syllable not in self.syllables:
            raise UnknownName.among("syllable", str(syllable), self.syllables)
        return self.syllables.index(syllable)

    def _plan(self, total: int, record: Record, done: int = 0) -> Plan:
        """Of a file."""
        network = self.network
        layout = Layout(total, self._player.steps, network.dt, 1, network.inputs, network.outputs, COLUMNS, (), record)
        return Plan(layout, network, self._settings(), self._state(done), self.seed, ())

    def _state(self, done: int) -> State:
        """What learning goes on from; random numbers follow from the seed and the number of the transition."""
        course = self.course or Course(self._player.rest, [], np.zeros(0))
        return State(done, self.done, self.weights.ravel(), np.empty((0, self.weights.size)), course.vector())

    def _settings(self) -> dict[str, Any]:
        """All that does not change while it learns, JSON-able."""
        player = self._player
        own = {
            "duration": player.duration, "hold": player.hold, "syllables": list(self.syllables), "exploration": self.exploration, "refractory": self.refractory, "seed": self.seed,
        }  # fmt: skip
        parts = {
            "engine": name_of(player.engine), "engine_settings": player.engine.settings, "context": described(self.context),
            "plasticity": described(self.plasticity), "box": self.box and {"ways": self.box.ways.tolist(), "half_width": self.box.half_width},
        }  # fmt: skip
        return own | parts | {"sequence": list(self.sequence)}
