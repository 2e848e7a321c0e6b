"""Where workers come from: a process that has imported and loaded what a training needs, and then does nothing but fork.

A fresh Python takes two seconds of a core until its first trial, a fork of one that is ready some milliseconds: workers that die are
replaced as fast as they die, and from an empty cache kernels are compiled once. This process has one thread and trains no point, so there
is nothing in it that a fork could tear.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import traceback
from typing import NoReturn

import numpy as np

from neurorec.networks.network import Network
from neurorec.sweeps.worker import serve
from neurorec.tasks.base.trials import Trials
from neurorec.training.train import train


def fork_when_asked(channel: int, rehearse: bool) -> None:
    """A worker for every two pipes that come, until nobody can ask any more.

    Parameters
    ----------
    channel : int
        File descriptor of a socket, on which come a pipe for the tasks and one for the answers of each worker.
    rehearse : bool
        Load compiled loops first.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who is in charge sends SIGTERM, once
    if rehearse:
        rehearsal()
    with socket.socket(fileno=channel) as requests:
        while pipes := socket.recv_fds(requests, 1, 2)[1]:
            _bury()
            if os.fork() == 0:
                requests.close()
                _live(*pipes)
            for pipe in pipes:
                os.close(pipe)


def rehearsal() -> None:
    """The smallest training there is, of nobody's: what follows finds Numba, its compiled loops and HDF5 ready."""
    nothing = Trials(np.zeros((1, 1, 0)), np.zeros((1, 1, 1)))
    train(Network.random(0, 1, 1, seed=0), nothing, trials=1, progress=False)


def _live(tasks: int, answers: int) -> NoReturn:
    """As a worker; this copy of the process ends with it."""
    status = 1
    try:
        os.setsid()
        status = serve(tasks, answers)
    except BaseException:  # whatever it is, it must not go on as a second nursery
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _bury() -> None:
    """Children that have ended; their numbers belong to nobody else until then, so that no stranger is sent a signal."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        """There are none."""
