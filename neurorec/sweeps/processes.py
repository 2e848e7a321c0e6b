"""Worker processes on this machine: each a fresh Python of one thread, asked for one point after another."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any, final

from neurorec.errors import RunFileError
from neurorec.sweeps.executors import AbstractExecutor, Task
from neurorec.sweeps.stopping import Stopping
from neurorec.sweeps.work import Result

LOOK = 0.5  # seconds after which a signal is noticed where no worker says anything
STILLBORN = 20  # workers in a row that may die before they can be asked for anything
MOST_DEATHS = 100  # of workers over one point
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
READY = "ready"


class Worker:
    """A process that trains points: it is sent a task a line and answers with a result a line.

    It is started as a program, not forked and not by `multiprocessing`: nothing of this process is copied, and a script that runs a
    sweep need not guard itself against being run again by every worker. It is a process group of its own, so that Ctrl-C reaches
    it once, from here.
    """

    def __init__(self) -> None:
        ours, theirs = os.pipe()
        try:
            path = os.pathsep.join(each for each in sys.path if each)
            self.process = subprocess.Popen(
                [sys.executable, "-c", f"from neurorec.sweeps.worker import serve; serve({theirs})"],
                stdin=subprocess.PIPE, pass_fds=[theirs], start_new_session=True, env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
            )  # fmt: skip
        finally:
            os.close(theirs)
        self.answers, self.ready = os.fdopen(ours, "r", encoding="utf-8"), False
        self.task: Task | None = None

    def ask(self, task: Task) -> None:
        """Give it a point to train."""
        self.task = task
        pipe: Any = self.process.stdin
        try:
            pipe.write(json.dumps(task).encode() + b"\n")
            pipe.flush()
        except BrokenPipeError:
            """It has died: its answer says so."""

    def answer(self) -> Any:
        """What it says, `READY` at first; None: it is dead."""
        line = self.answers.readline()
        if not line.endswith("\n"):
            return None
        self.ready = True
        return json.loads(line)

    def stop(self) -> None:
        """Finish the batch, make the file whole, and end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Wait for its end."""
        pipe: Any = self.process.stdin
        try:
            pipe.close()
        except BrokenPipeError:
            """It has ended already."""
        self.process.wait()
        self.answers.close()


@final
class Processes(AbstractExecutor):
    """So many workers side by side; one that dies is replaced, and its point asked for again.

    Parameters
    ----------
    number : int
    """

    def __init__(self, number: int):
        self.number = number

    def run(self, tasks: Sequence[Task], stop: Stopping) -> Iterator[Result]:
        """As they end."""
        left, stillborn, died = deque(tasks), 0, Counter()
        with _Pool() as pool:
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

    def __init__(self) -> None:
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
        worker = Worker()
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
        """All that have something to do finish their batch; those that are still on their way end."""
        for worker in self._workers:
            if worker.task or not worker.ready:
                worker.stop()

    def last_answers(self) -> Iterator[Result]:
        """Of those that finished all the same."""
        for worker in self.busy:
            answer = worker.answer()
            while answer == READY:
                answer = worker.answer()
            worker.task = None
            if answer is not None:
                yield answer

    def __exit__(self, *reason: Any) -> None:
        self.stop()
        for worker in list(self._workers):
            self.bury(worker)
        self._selector.close()
