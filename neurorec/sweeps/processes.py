"""Worker processes on this machine: each a Python of one thread, asked for one point after another."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any, final

from neurorec.errors import RunFileError
from neurorec.process.rank import without_rank
from neurorec.sweeps.executors import AbstractExecutor, Task
from neurorec.sweeps.stopping import Stopping
from neurorec.sweeps.work import Result

LOOK = 0.5  # seconds after which a signal is noticed where no worker says anything
STILLBORN = 20  # workers in a row that may die before they can be asked for anything
MOST_DEATHS = 100  # of workers over one point
READY = "ready"
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


class Nursery:
    """The process of which workers are forks, `neurorec.sweeps.nursery`.

    It is started as a program, not forked and not by `multiprocessing`: nothing of this process is copied, and a script that runs a
    sweep need not guard itself against being run again by every worker.

    Parameters
    ----------
    rehearse : bool
        Whether it loads compiled loops first.
    """

    def __init__(self, rehearse: bool):
        self._channel, theirs = socket.socketpair()
        with theirs:
            number, path = theirs.fileno(), os.pathsep.join(each for each in sys.path if each)
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from neurorec.sweeps.nursery import fork_when_asked; fork_when_asked({number}, {rehearse})"],
                stdin=subprocess.DEVNULL, pass_fds=[number], start_new_session=True, env={**without_rank(os.environ), **ONE_THREAD, "PYTHONPATH": path},
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, pipes: Sequence[int]) -> None:
        """For a worker that reads from one of two pipes and writes to the other."""
        try:
            socket.send_fds(self._channel, [b"!"], list(pipes))
        except BrokenPipeError:
            """It has died: the worker that never was has nothing to say."""

    def close(self) -> None:
        """Its workers live on."""
        self._process.kill()
        self._process.wait()
        self._channel.close()


class Worker:
    """A process that trains points: it is sent a task a line and answers with a result a line.

    It is a process group of its own, so that Ctrl-C reaches it once, from here.

    Parameters
    ----------
    nursery : Nursery
    """

    def __init__(self, nursery: Nursery) -> None:
        (their_tasks, tasks), (answers, their_answers) = os.pipe(), os.pipe()
        try:
            nursery.ask((their_tasks, their_answers))
        finally:
            os.close(their_tasks)
            os.close(their_answers)
        self.answers, self._tasks = os.fdopen(answers, "r", encoding="utf-8"), os.fdopen(tasks, "w", encoding="utf-8")
        self.task: Task | None = None
        self._process: int | None = None

    @property
    def ready(self) -> bool:
        """Whether it can be asked for points."""
        return self._process is not None

    def ask(self, task: Task) -> None:
        """Give it a point to train."""
        self.task = task
        try:
            print(json.dumps(task), file=self._tasks, flush=True)
        except BrokenPipeError:
            """It has died: its answer says so."""

    def answer(self) -> Any:
        """What it says, at first `READY`; None: it is dead."""
        line = self.answers.readline()
        if not line.endswith("\n"):
            return None
        if self.ready:
            return json.loads(line)
        self._process = json.loads(line)
        return READY

    def stop(self) -> None:
        """Finish the batch, make the file whole, and end."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGTERM)

    def close(self) -> None:
        """Wait for its end."""
        try:
            self._tasks.close()
        except BrokenPipeError:
            """It has ended already."""
        with self.answers:
            self.answers.read()


@final
class Processes(AbstractExecutor):
    """So many workers side by side; one that dies is replaced, and its point asked for again.

    Parameters
    ----------
    number : int
    rehearse : bool
        Whether compiled loops will be needed.
    """

    def __init__(self, number: int, rehearse: bool):
        self.number, self.rehearse = number, rehearse

    def run(self, tasks: Sequence[Task], stop: Stopping) -> Iterator[Result]:
        """As they end."""
        left, stillborn, died = deque(tasks), 0, Counter()
        with _Pool(self.rehearse) as pool:
            while (left or pool.busy) and stop.received is None:
                while len(pool) < min(self.number, len(tasks)):  # to the end: one that waits takes over from one that dies at once
                    pool.start()
                for worker in pool.idle[: len(left)]:
                    worker.ask(left.popleft())
                for worker in pool.heard():
                    answer, task = worker.answer(), worker.task
                    stillborn = 0 if worker.ready else stillborn + 1
                    if answer is None:
                        pool.bury(worker)
                        again = [task] if task else []
                        left.extendleft(again)
                        died.update(again)
                        self._expect_alive(stillborn, died[task])
                    elif answer != READY:
                        worker.task = None
                        yield answer
            pool.stop()
            yield from pool.last_answers()

    def _expect_alive(self, stillborn: int, died: int) -> None:
        """A point that costs workers their lives is known by its claims; this is for those that die before they can make one."""
        if stillborn >= STILLBORN or died >= MOST_DEATHS:
            raise RunFileError(
                f"workers die again and again; is there memory for {self.number}? Above is what they said, what was trained is kept"
            )


class _Pool:
    """Workers and what they say."""

    def __init__(self, rehearse: bool) -> None:
        self._rehearse, self._nursery = rehearse, Nursery(rehearse)
        self._workers: list[Worker] = []
        self._selector = selectors.DefaultSelector()

    def __len__(self) -> int:
        return len(self._workers)

    def __enter__(self) -> _Pool:
        return self

    @property
    def busy(self) -> list[Worker]:
        """Those that have a point."""
        return [worker for worker in self._workers if worker.task]

    @property
    def idle(self) -> list[Worker]:
        """Those that wait for one."""
        return [worker for worker in self._workers if worker.ready and not worker.task]

    def start(self) -> None:
        """One more."""
        if not self._nursery.alive:
            self._nursery.close()
            self._nursery = Nursery(self._rehearse)
        worker = Worker(self._nursery)
        self._workers.append(worker)
        self._selector.register(worker.answers, selectors.EVENT_READ, worker)

    def heard(self) -> list[Worker]:
        """Those that have said something, or died, by now or in a moment."""
        return [key.data for key, _ in self._selector.select(LOOK)]

    def bury(self, worker: Worker) -> None:
        """Forget one that has died."""
        self._selector.unregister(worker.answers)
        self._workers.remove(worker)
        worker.close()

    def stop(self) -> None:
        """All that have something to do finish their batch."""
        for worker in self.busy:
            worker.stop()

    def last_answers(self) -> Iterator[Result]:
        """Of those that finished all the same."""
        for worker in self.busy:
            answer, worker.task = worker.answer(), None
            if answer is not None:
                yield answer

    def __exit__(self, *reason: Any) -> None:
        self.stop()
        self._nursery.close()  # with those that are still on their way
        for worker in list(self._workers):
            self.bury(worker)
        self._selector.close()
