"""Processes that compute one network together: what torch.distributed is used for, and nothing else is."""

from __future__ import annotations

import multiprocessing
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, final

import numpy as np

from neurorec.errors import NotOffered, RankLost
from neurorec.process.rank import TORCHRUN, starts

PATIENCE = 120.0  # seconds that a rank waits for another: one that was killed is noticed at once, one that hangs after these


class AbstractTeam(ABC):
    """The ranks of one network, as each of them sees them.

    Attributes
    ----------
    rank, size : int
        This process's number, from 0, and how many there are.
    stamps : list of (float, float), optional
        Where it is a list: of every `gather`, `each` and `sum_by_tree`, when this rank came to it and when it left it, in seconds of a
        clock that ranks on one machine share.
    """

    rank: int
    size: int
    stamps: list[tuple[float, float]] | None = None

    @abstractmethod
    def gather(self, own: np.ndarray, whole: np.ndarray) -> None:
        """Fill `whole` (K, B, N) with the units of all ranks, in their order, of which these are `own` (K, B, n)."""

    @abstractmethod
    def sum(self, array: np.ndarray) -> None:
        """Replace an array, on every rank, by its sum over them."""

    @abstractmethod
    def sum_by_tree(self, array: np.ndarray) -> None:
        """Replace an array, on every rank, by its sum over them, 2^k of them: first neighbours add, then neighbouring pairs, and so on."""

    @abstractmethod
    def each(self, value: Any) -> list[Any]:
        """What every rank passes, JSON-able or an array, in their order."""

    def any(self, *truths: bool) -> list[bool]:
        """Of each, whether it is true on some rank."""
        counts = np.array(truths, np.float64)
        self.sum(counts)
        return (counts > 0).tolist()


@final
class Alone(AbstractTeam):
    """One process: it has all units."""

    rank, size = 0, 1

    def gather(self, own: np.ndarray, whole: np.ndarray) -> None:
        """A copy."""
        whole[...] = own

    def sum(self, array: np.ndarray) -> None:
        """It is."""

    def sum_by_tree(self, array: np.ndarray) -> None:
        """It is."""

    def each(self, value: Any) -> list[Any]:
        """The one."""
        return [value]


@final
class Ranks(AbstractTeam):
    """The processes of a group of torch.distributed, which is initialised.

    Parameters
    ----------
    group : optional
        Of this process and some others. None: all that there are.
    """

    def __init__(self, group: Any = None) -> None:
        import torch.distributed as distributed

        self._distributed, self._group, self._room = distributed, group, {}
        self._all_gather: Any = getattr(distributed, "all_gather_single", None) or distributed.all_gather_into_tensor  # its older name
        self.rank, self.size = distributed.get_rank(group), distributed.get_world_size(group)

    def gather(self, own: np.ndarray, whole: np.ndarray) -> None:
        """By one collective of N numbers for each trial and output."""
        outputs, trials, units = own.shape
        with self._stamped():
            if outputs * trials == 1:
                self._gathered(own, whole)
                return
            room = self._room_for((self.size, *own.shape), own.dtype)
            self._gathered(own, room)
            whole.reshape(outputs, trials, self.size, units)[...] = room.transpose(1, 2, 0, 3)

    def sum(self, array: np.ndarray) -> None:
        """By one collective."""
        from torch import from_numpy

        with _told():
            self._distributed.all_reduce(from_numpy(array), group=self._group)

    def sum_by_tree(self, array: np.ndarray) -> None:
        """Each passes what it has to one other, log2 P times: both then have the same sum, as a + b is b + a."""
        theirs = self._room_for(array.shape, array.dtype)
        with self._stamped():
            for level in range(self.size.bit_length() - 1):
                self._exchange(array, theirs, self.rank ^ (1 << level))
                array += theirs

    def each(self, value: Any) -> list[Any]:
        """By torch's own way to send Python's objects among processes of one job."""
        found = [None] * self.size
        with self._stamped(), _told():
            self._distributed.all_gather_object(found, value, group=self._group)
        return found

    @contextmanager
    def _stamped(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        if self.stamps is not None:
            self.stamps.append((began, time.monotonic()))

    def _gathered(self, own: np.ndarray, whole: np.ndarray) -> None:
        from torch import from_numpy

        with _told():
            self._all_gather(from_numpy(whole.reshape(-1)), from_numpy(own.reshape(-1)), group=self._group)

    def _exchange(self, own: np.ndarray, theirs: np.ndarray, other: int) -> None:
        from torch import from_numpy

        send, receive = self._distributed.isend, self._distributed.irecv
        ways = [(send, from_numpy(own)), (receive, from_numpy(theirs))]
        with _told():
            for work in self._distributed.batch_isend_irecv([self._distributed.P2POp(way, at, other, self._group) for way, at in ways]):
                work.wait()

    def _room_for(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        if (shape, dtype) not in self._room:
            self._room = {(shape, dtype): np.empty(shape, dtype)}
        return self._room[shape, dtype]


@contextmanager
def _told() -> Iterator[None]:
    """Say in words that another process is gone: torch tells it as an error of a socket."""
    try:
        yield
    except RuntimeError as error:
        raise RankLost(f"another rank was lost, or did not answer within {PATIENCE:g} seconds, so that all stop") from error


_ALONE, _RANKS = Alone(), []


def team() -> AbstractTeam:
    """Of this process: those of torch.distributed where its group is initialised, or where torchrun started several processes.

    Raises
    ------
    NotOffered
        If torch was built without torch.distributed.
    """
    if not _RANKS and (_started_by_torchrun() or _initialised()):
        _join()
        _RANKS.append(Ranks(_of_processors()))
    return _RANKS[0] if _RANKS else _ALONE


@contextmanager
def some_of_the_team(some: AbstractTeam) -> Iterator[None]:
    """Compute with some of the ranks, for as long as the block lasts: to measure what more of them bring."""
    before = list(_RANKS)
    _RANKS[:] = [some]
    try:
        yield
    finally:
        _RANKS[:] = before


def _started_by_torchrun() -> bool:
    """A process that such a process starts in its turn is none of them."""
    return TORCHRUN in os.environ and int(os.environ.get("WORLD_SIZE", 1)) > 1 and multiprocessing.parent_process() is None


def _initialised() -> bool:
    import sys

    if "torch" not in sys.modules:
        return False
    import torch.distributed as distributed

    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def _of_processors() -> Any:
    """The group that there is, or where a script began it for GPUs alone (nccl), another of the same processes: what ranks send lies in memory.

    Raises
    ------
    NotOffered
        If torch was built without gloo.
    """
    import torch.distributed as distributed

    if "cpu" in distributed.get_backend_config():
        return None
    if not distributed.is_gloo_available():
        raise NotOffered(
            f"ranks reach each other by gloo, which this torch was built without, and the group is one of {distributed.get_backend()}, for GPUs; "
            "install another torch, or begin the group with backend='cpu:gloo,cuda:nccl'"
        )
    return distributed.new_group(backend="gloo", timeout=timedelta(seconds=PATIENCE))


def _join() -> None:
    """Begin the group of torchrun's processes, unless the script did."""
    import torch.distributed as distributed

    if not distributed.is_available():
        raise NotOffered(
            "this torch was built without torch.distributed, by which ranks reach each other; install another torch, or train in one process"
        )
    if not distributed.is_initialized():
        from torch.distributed.distributed_c10d import PrefixStore
        from torch.distributed.rendezvous import rendezvous

        with _told():
            store, rank, size = next(rendezvous("env://", timeout=timedelta(seconds=PATIENCE)))
            own: Any = PrefixStore(f"neurorec, start {starts()}", store)  # addresses of ranks before a restart are still in it
            distributed.init_process_group("gloo", store=own, rank=rank, world_size=size, timeout=timedelta(seconds=PATIENCE))
