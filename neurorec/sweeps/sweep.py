"""A sweep as its user sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from neurorec.arrays import whole
from neurorec.display import AbstractDisplayed, Rows, briefly, several
from neurorec.errors import ValueRefused
from neurorec.sweeps.board import watched
from neurorec.sweeps.executors import AbstractExecutor, Here, Submitting
from neurorec.sweeps.folder import PLAN, expect_own, keep_plan, read_plan, run_path
from neurorec.sweeps.making import expect_to_work
from neurorec.sweeps.plan import Plan, Point
from neurorec.sweeps.processes import Processes
from neurorec.sweeps.settings import part
from neurorec.sweeps.status import Status, status
from neurorec.sweeps.stopping import REQUEUE, Stopping
from neurorec.sweeps.work import DONE, FAILED

if TYPE_CHECKING:
    import xarray


@final
class Sweep(AbstractDisplayed):
    """Many trainings that differ in some settings: a grid, or a list, each its own run file in a folder.

    What is done stays done: `run` may be called again and again, by any number of processes and machines that see the folder, killed
    at any moment, and goes on to the same bits. Each run file is named by a hash of its settings; ``sweep.toml`` beside them says what the
    sweep is. A folder's sweep may grow, by values and points more, but keeps what it has trained.

    Parameters
    ----------
    folder : str or Path
        Where the run files go; made by `run`.
    task : str, task or mapping
        A name, ``{"name": "periodic_output", "period": 1.0}``, or a task that a module of yours defines.
    network : mapping, optional
        Arguments of `nr.Network.random` without those that follow from the task; or ``{"preset": "scornn", "units": 50}``.
    training : mapping, optional
        Arguments of `nr.train`: rule, engine, trials, rate ...; parts with settings as ``{"name": "adam", "beta1": 0.8}``.
    over : mapping of str to sequence, optional
        Values of settings, by section and name; the sweep is their product: ``{"training.rate": [0.01, 0.03], "seed": range(20)}``.
    points : sequence of mapping, optional
        In the place of `over`, what each point has of its own: ``[{"training.rate": 0.01, "seed": 3}, ...]``.
    record : mapping, optional
        Arguments of `nr.Record`.
    seed : int
        Of trials, noise and first weights, unless ``network`` or ``training`` has a seed of its own.

    Raises
    ------
    ValueRefused, UnknownName
        If there is no point, one comes twice, a setting is misspelt, or the folder holds another sweep.

    Examples
    --------
    >>> import tempfile
    >>> import neurorec as nr
    >>> sweep = nr.Sweep(
    ...     tempfile.mkdtemp(),
    ...     task="periodic_output",
    ...     network={"units": 12, "gain": 1.5},
    ...     training={"rule": "rflo", "trials": 20},
    ...     over={"training.rate": [0.01, 0.03], "seed": range(2)},
    ... )
    >>> sweep.run(progress=False).done
    4
    >>> dict(sweep.log.loss.sizes)
    {'rate': 2, 'seed': 2, 'trial': 20}
    >>> run = nr.open_run(sweep.paths.sel(rate=0.03, seed=1).item())
    """

    def __init__(
        self,
        folder: str | Path,
        task: Any,
        network: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        over: Mapping[str, Sequence[Any]] | None = None,
        *,
        points: Sequence[Mapping[str, Any]] | None = None,
        record: Mapping[str, Any] | None = None,
        seed: int = 0,
    ):
        shared = {"task": task, "network": network, "training": training, "record": record, "seed": seed}
        plan = Plan(shared, over or {}, points)
        self._use(Path(folder), plan, trust=plan.names_others)  # who calls has named the classes

    @classmethod
    def open(cls, path: str | Path, trust: bool = False, folder: str | Path | None = None) -> Sweep:
        """A sweep from its folder, or from a file that describes it.

        Parameters
        ----------
        path : str or Path
            A folder with a ``sweep.toml``, or a file such as ``rates.toml``, whose runs go to the folder ``rates`` beside it.
        trust : bool
            A file is data: of the classes it names, only neurorec's own are used; True: yours are imported, too, if you know who made it.
        folder : str or Path, optional
            Another folder for the runs of a file.

        Raises
        ------
        RunFileError, ValueRefused, UnknownName
            If there is no such sweep, or it is none.
        """
        path = Path(path)
        file = path / PLAN if path.is_dir() else path
        beside = file.parent if file.name == PLAN else file.with_suffix("")
        if beside == file:
            raise ValueRefused(f"{path} is no sweep file; expected a name such as rates.toml, or the folder of a sweep")
        made = cls.__new__(cls)
        made._use(Path(folder or beside), read_plan(file), trust)
        return made

    def run(
        self,
        workers: int = 1,
        client: Any = None,
        *,
        index: int | None = None,
        of: int | None = None,
        again: bool = False,
        progress: bool = True,
    ) -> Status:
        """Train what is not done.

        Parameters
        ----------
        workers : int
            Processes on this machine, of one thread each; 1: this one.
        client : object, optional
            In their place whatever has a ``submit``: a `dask.distributed.Client`, an executor of `concurrent.futures`. Only paths go to
            it, and a few numbers come back; its workers must see the folder, and have this version of neurorec.
        index, of : int, optional
            Only the points index, index + of, ...: one task, counted from 0, of an array of jobs.
        again : bool
            Try what has failed once more.
        progress : bool
            A bar over all points, or plain lines; failures as they come.

        Returns
        -------
        Status
            Also of what failed: one point takes no other with it.

        Raises
        ------
        ValueRefused
            Before the first training, if a point cannot be trained at all; it is named.
        KeyboardInterrupt, SystemExit
            On Ctrl-C, or SIGTERM and SIGUSR1 (status 85: run again), after the batches under way.
        """
        share = self._share(index, of)
        executor = Here() if workers == 1 and client is None else _executor(workers, client, any(map(_compiles, share)))
        before = self.status()
        skipped = (DONE,) if again else (DONE, FAILED)
        todo = tuple(point for point in share if before.states[point.name] not in skipped)
        expect_to_work(self._plan, todo, self._trust)
        keep_plan(self.folder, self._plan)
        tasks = [(str(run_path(self.folder.absolute(), point.name)), again, self._trust) for point in todo]
        with Stopping() as stop, watched(progress and bool(todo), self.folder, self._plan, todo, before.done) as note:
            for result in executor.run(tasks, stop):
                note(result)
        self._expect_finished(stop)
        return self.status()

    def status(self) -> Status:
        """How many points are done, running, failed (with the error's sentence) and left, from the folder alone."""
        return status(self.folder, self._plan)

    @property
    def points(self) -> tuple[Point, ...]:
        """All points, the last dimension running fastest."""
        return self._plan.points

    @property
    def log(self) -> xarray.Dataset:
        """What the runs logged, over the sweep's dimensions and trial, read when it is used; not a number where a run has not come to it."""
        from neurorec.sweeps import lazily

        return lazily.log(self.folder, self._plan)

    @property
    def final(self) -> xarray.Dataset:
        """How the runs ended, over the sweep's dimensions: loss (mean of the last hundred trials), alignment, seconds, state; weights, read when used."""
        from neurorec.sweeps import lazily

        return lazily.final(self.folder, self._plan, self._trust)

    @property
    def paths(self) -> xarray.DataArray:
        """The run files, over the sweep's dimensions."""
        from neurorec.sweeps import lazily

        return lazily.paths(self.folder, self._plan)

    def _use(self, folder: Path, plan: Plan, trust: bool) -> None:
        self.folder, self._plan, self._trust = folder, plan, trust
        expect_own(folder, plan)
        _ = plan.points  # which refuses what is misspelt

    def _share(self, index: int | None, of: int | None) -> tuple[Point, ...]:
        if index is None and of is None:
            return self.points
        if index is None or of is None or not 0 <= whole("index", index, least=0) < whole("of", of):
            raise ValueRefused(f"index={index} of={of} is no task of an array of jobs; give both, the index from 0 to of - 1")
        return self.points[index::of]

    def _expect_finished(self, stop: Stopping) -> None:
        if stop.received is None:
            return
        if stop.status != REQUEUE:
            raise KeyboardInterrupt(f"stopped: {self.status()._display()[0]}; run it again to go on")
        raise SystemExit(REQUEUE)

    def _display(self) -> tuple[str, Rows]:
        found = self.status()
        over = [(key, f"{len(values):,}: {several(map(briefly, values))}") for key, values in self._plan.over.items()]
        shared = [(name, briefly(value)) for name, value in self._plan.settings.items()]
        return found._display()[0], [*over, *shared, *found._display()[1]]


def _executor(workers: int, client: Any, compiles: bool) -> AbstractExecutor:
    if client is None:
        return Processes(whole("workers", workers), compiles)
    if workers != 1:
        raise ValueRefused(f"workers={workers} are processes of this machine, and client has workers of its own; give one of the two")
    return Submitting(client)


def _compiles(point: Point) -> bool:
    """Whether it is trained by the CPU engine."""
    return part(point.settings.get("training", {}).get("engine", "numba"))[0] == "numba"
