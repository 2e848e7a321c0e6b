"""What trains the points of a sweep: this process, others on this machine, or whatever has a ``submit``."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent import futures
from typing import Any, final

from neurorec.display import short_repr
from neurorec.errors import RunFileError, ValueRefused
from neurorec.sweeps.stopping import Stopping
from neurorec.sweeps.work import BUSY, Result, work

LOOK, PAUSE = 0.5, 0.05  # seconds until a point whose worker died is asked for again; between two looks at all
MOST_LOST = (
    10  # workers that may die over a point before we stop asking; its claims have said so long before, unless these do not see each other
)
WAIT = 10.0  # seconds until a point that another process has is asked for again
Task = tuple[str, bool, bool]  # what `work` is called with: paths and truth values, nothing else


class AbstractExecutor(ABC):
    """Trains points, in whatever order."""

    @abstractmethod
    def run(self, tasks: Sequence[Task], stop: Stopping) -> Iterator[Result]:
        """Results as they come, until all are there or a signal has come.

        Parameters
        ----------
        tasks : sequence of tuple
            Arguments of `neurorec.sweeps.work.work`, one a point.
        stop : Stopping
            Whether to stop.
        """


@final
class Here(AbstractExecutor):
    """One after another, in this process."""

    def run(self, tasks: Sequence[Task], stop: Stopping) -> Iterator[Result]:
        """As they end."""
        for task in tasks:
            if stop.received is not None:
                return
            if (result := stop.during(lambda task=task: work(*task, stop))) is not None:
                yield result


@final
class Submitting(AbstractExecutor):
    """Whatever has a ``submit`` that returns futures: a dask client, executors of Python and of others.

    A point whose worker died comes back with an error, or its task runs twice: both are asked for again, and the claims of the
    point say how many processes it has cost.

    Parameters
    ----------
    client : object
        With ``submit(function, *arguments)``; a `dask.distributed.Client` by its ``get_executor``.
    """

    def __init__(self, client: Any):
        # Dask takes two calls with equal arguments for one, which it need not do again: ours find out themselves what there is to do.
        self._client = client.get_executor(pure=False) if hasattr(client, "get_executor") else client
        if not hasattr(self._client, "submit"):
            raise ValueRefused(f"client must have a submit, as dask.distributed.Client and executors have; got {short_repr(client)}")

    def run(self, tasks: Sequence[Task], stop: Stopping) -> Iterator[Result]:
        """As they end; points that others have are waited for.

        Raises
        ------
        RunFileError
            If the executor takes no more: its scheduler is lost, or its pool broken.
        """
        waiting = {task: self._submit(task) for task in tasks}
        later: dict[Task, float] = {}
        lost: Counter[Task] = Counter()
        while (waiting or later) and stop.received is None:
            for task in [task for task, future in waiting.items() if future.done()]:
                result = self._result(waiting.pop(task), lost, task)
                if result is None or result["state"] == BUSY:
                    later[task] = time.monotonic() + (WAIT if result else LOOK)
                else:
                    yield result
            for task in [task for task, due in later.items() if due <= time.monotonic()]:
                del later[task]
                waiting[task] = self._submit(task)
            time.sleep(PAUSE)
        for future in waiting.values():
            future.cancel()

    def _submit(self, task: Task) -> Any:
        try:
            return self._client.submit(work, *task)
        except Exception as error:  # of any library's executor
            raise self._broken(error) from error

    def _result(self, future: Any, lost: Counter[Task], task: Task) -> Result | None:
        """None if its worker died: the point is asked for again, and its claims count how often."""
        try:
            return future.result()
        except (futures.CancelledError, futures.BrokenExecutor) as error:
            raise self._broken(error) from error
        except BaseException as error:
            lost[task] += 1
            if lost[task] >= MOST_LOST:
                raise self._broken(error) from error
            return None

    def _broken(self, error: BaseException) -> RunFileError:
        said = " ".join(f"{type(error).__name__} {error}".split())
        return RunFileError(f"the executor does not go on ({said}); what was trained is in the files: run the sweep again with another one")
