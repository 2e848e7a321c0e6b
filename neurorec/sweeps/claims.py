"""Who trains a point: a small file that only one process can make, so that two never write one run.

Files, not locks: they hold on network disks, where HDF5 and others may have no locks, and they say who it is. A claim is
``claims/<point>.<n>``. It is made with O_EXCL, which is one step on every file system, and beats: its owner sets its time anew every few
seconds. Whoever finds it dead, its process gone from this machine or its heart still for minutes, makes number n + 1 with O_EXCL:
of two that find it dead at once, one gets that. Dead claims stay until the point is released, and tell how often it has cost a process its life.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = "claims"
BEAT, STALE = 10.0, 300.0  # seconds between two beats; without one, after which its owner is taken for dead on another machine
BIRTH, PAUSE = 2.0, 0.02  # seconds, at most, in which a claim says whose it is; between two looks at one that does not yet
WIDTH = 400  # bytes of a claim: it is overwritten in place while others read it
START_TIME = 19  # field of /proc/<pid>/stat, counted from the state, which is 0


@dataclass(frozen=True)
class Owner:
    """Who has a point, and how far it is.

    Attributes
    ----------
    host, pid, started
        A process: its machine, its number there, and when it began (numbers are used again).
    machine : str
        What tells a machine, and a container on it, from others.
    begun : int
        Trials that were done when it began; -1: the file did not exist.
    done : int
        Trials done at the last beat.
    loss : float
        Mean of late, not a number before the first.
    """

    host: str
    pid: int
    started: int
    machine: str
    begun: int = -1
    done: int = 0
    loss: float = float("nan")

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


class Claim:
    """The right to train a point, and the heart that says so.

    Parameters
    ----------
    path : Path
        The claim's file.
    owner : Owner
        This process.

    Attributes
    ----------
    lost : bool
        Whether another process has taken the point over: this one was silent for too long, and must write no more.
    """

    def __init__(self, path: Path, owner: Owner):
        self.path, self.lost = path, False
        self._owner, self._far = owner, (owner.done, owner.loss)
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True, name=f"claim of {path.name}")
        self._heart.start()

    def note(self, done: int, loss: float) -> None:
        """How far the training is; written at the next beat. Called after every chunk of batches, or every batch, so it does no more than that."""
        self._far = done, loss

    @property
    def owner(self) -> Owner:
        """This process, and how far it is."""
        return replace(self._owner, done=self._far[0], loss=self._far[1])

    def release(self) -> None:
        """Give the point back: dead claims first, this one last, so that nobody ever sees none while one is alive."""
        self._stop.set()
        self._heart.join()
        older = [path for path in claim_files(self.path) if _number(path) < _number(self.path)]
        for path in (*older, self.path):
            path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._stop.wait(BEAT):
            with contextlib.suppress(OSError):  # a disk that is away for a moment: the next beat may come through
                self.lost = self.lost or claim_files(self.path)[-1:] != [self.path]
                _write(os.open(self.path, os.O_WRONLY), self.owner)


def claimed(folder: Path, name: str, done: int) -> Claim | Owner:
    """Claim a point; or who has it already.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    name : str
        Of the point.
    done : int
        Trials done so far, -1: none and no file.
    """
    first = folder / FOLDER / f"{name}.0"
    first.parent.mkdir(exist_ok=True)
    while (found := _claimed(first, myself(done))) is None:
        time.sleep(PAUSE)
    return found


def _claimed(first: Path, owner: Owner) -> Claim | Owner | None:
    """None: somebody has just made a claim, and has not yet said who it is."""
    last = next(reversed(claim_files(first)), None)
    if last is not None and (holder := living(last)) is not None:
        return holder if holder.pid else None
    path = first if last is None else last.with_suffix(f".{_number(last) + 1}")
    try:
        _write(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666), owner)
    except FileExistsError:  # somebody was quicker
        return None
    if (other := next((found for each in claim_files(path) if each != path and (found := living(each))), None)) is not None:
        path.unlink(missing_ok=True)  # it was made between two steps of another's release
        return other
    return Claim(path, owner)


def deaths(folder: Path, name: str, done: int) -> int:
    """How many processes died over the point without having come any further than it is now."""
    owners = [read_owner(path) for path in claim_files(folder / FOLDER / f"{name}.0") if living(path) is None]
    return sum(owner is not None and owner.begun == done for owner in owners)


def claims(folder: Path) -> dict[str, Path]:
    """The last claim of every point that has one."""
    found = (path for path in (folder / FOLDER).glob("[!.]*.*") if path.suffix[1:].isdigit())
    return {path.stem: path for path in sorted(found, key=_number)}


def living(path: Path) -> Owner | None:
    """Who holds a claim, if it is alive; process 0 where it does not say yet."""
    owner = read_owner(path)
    if owner is not None and owner.machine == machine():
        return owner if _start_of(owner.pid) == owner.started else None
    try:
        silent = _now(path.parent) - path.stat().st_mtime
    except FileNotFoundError:
        return None
    if owner is None:  # being written, or cut off by a kill at its birth
        return Owner("a machine", 0, 0, "") if silent < BIRTH else None
    return owner if silent < STALE else None


def read_owner(path: Path) -> Owner | None:
    """What a claim says; None if it says nothing yet, or nonsense."""
    try:
        owner = Owner(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    words, numbers = (owner.host, owner.machine), (owner.pid, owner.started, owner.begun, owner.done)
    sound = (
        all(isinstance(each, str) for each in words) and all(isinstance(each, int) for each in numbers) and isinstance(owner.loss, float)
    )
    return owner if sound else None


def claim_files(path: Path) -> list[Path]:
    """All claims of the point that one is of, the last one last."""
    return sorted(path.parent.glob(f"{path.stem}.*"), key=_number)


def myself(done: int) -> Owner:
    """This process."""
    return Owner(socket.gethostname(), os.getpid(), _start_of(os.getpid()), machine(), done)


@cache
def machine() -> str:
    """This start of this machine, and the space in which process numbers mean something: a container has its own."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    return f"{boot.read_text().strip() if boot.exists() else socket.gethostname()} {space.stat().st_ino if space.exists() else 0}"


def _number(path: Path) -> int:
    return int(path.suffix[1:])


def _start_of(pid: int) -> int:
    """When a process of this machine began, in ticks since the machine did; -1 if there is none, or only what is left of it."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return -1
    return -1 if state in "ZX" else int(fields[START_TIME - 1])


def _now(folder: Path) -> float:
    """The time of the disk's own clock, by which files get theirs: clocks of machines differ."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".now") as file:
            return os.fstat(file.fileno()).st_mtime
    except OSError:  # a folder that only others may write
        return time.time()


def _write(descriptor: int, owner: Owner) -> None:
    said: dict[str, Any] = asdict(owner)
    try:
        os.pwrite(descriptor, json.dumps(said).ljust(WIDTH).encode(), 0)
    finally:
        os.close(descriptor)
