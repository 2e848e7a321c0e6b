"""The other side of `neurorec.sweeps.processes.Worker`: a process that is asked for points."""

from __future__ import annotations

import json
import os
import signal
import sys

from neurorec.sweeps.processes import READY
from neurorec.sweeps.stopping import Stopping
from neurorec.sweeps.work import work


def serve(answers: int) -> None:
    """Train what is asked for on standard input until nobody asks any more, or a signal comes.

    Parameters
    ----------
    answers : int
        File descriptor for the answers: what trainings print goes to standard error, as it would disturb them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who is in charge sends SIGTERM, once
    os.dup2(2, 1)
    with os.fdopen(answers, "w", encoding="utf-8") as said, Stopping() as stop:
        print(json.dumps(READY), file=said, flush=True)
        for line in sys.stdin:
            path, again, trust = json.loads(line)
            result = None if stop.received else stop.during(lambda path=path, again=again, trust=trust: work(path, again, trust, stop))
            if result is not None:
                print(json.dumps(result), file=said, flush=True)
            if stop.received is not None:
                sys.exit(stop.status)
