"""The other side of `neurorec.sweeps.processes.Worker`: a process that is asked for points."""

from __future__ import annotations

import json
import os

from neurorec.sweeps.stopping import Stopping
from neurorec.sweeps.work import work


def serve(tasks: int, answers: int) -> int:
    """Train what is asked for until nobody asks any more, or a signal comes; the exit status.

    Parameters
    ----------
    tasks : int
        File descriptor with a task a line.
    answers : int
        File descriptor for the answers, this process's number first: what trainings print goes to standard error, as it would disturb them.
    """
    os.dup2(2, 1)
    with os.fdopen(tasks, encoding="utf-8") as asked, os.fdopen(answers, "w", encoding="utf-8") as said, Stopping() as stop:
        print(json.dumps(os.getpid()), file=said, flush=True)
        for line in asked:
            path, again, trust = json.loads(line)
            result = None if stop.received else stop.during(lambda path=path, again=again, trust=trust: work(path, again, trust, stop))
            if result is not None:
                print(json.dumps(result), file=said, flush=True)
            if stop.received is not None:
                return stop.status
    return 0
