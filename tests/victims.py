"""Processes to kill at any moment: each a fork of one that has imported and loaded all there is to, so that the next begins at once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

FORKS = """
import os, sys
exec(sys.argv.pop(1))
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        live(lambda: print(os.getpid(), flush=True))
        os._exit(0)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


class Victims:
    """Of a script that defines ``live(ready)``, which calls `ready` once it may be killed; its words are in ``sys.argv``."""

    def __init__(self, script: str, *words: object):
        command = [sys.executable, "-c", FORKS, script, *map(str, words)]
        self._mother = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Victims:
        return self

    def kill_one(self, seconds: float) -> None:
        """Another one lives until it says that it is ready, and so long after."""
        self._mother.stdin.write("\n")
        self._mother.stdin.flush()
        child = int(self._mother.stdout.readline())
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):  # it got through before
            os.kill(child, signal.SIGKILL)
        assert self._mother.stdout.readline() == "gone\n"

    def __exit__(self, *_) -> None:
        self._mother.communicate()
