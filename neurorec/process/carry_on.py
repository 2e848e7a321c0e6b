"""Long work step by step, until it is done, stopped by its hook or interrupted: never within a step."""

from __future__ import annotations

from abc import ABC, abstractmethod

from neurorec.errors import DivergenceError
from neurorec.process.interrupt import Interrupt
from neurorec.progress import Hook, Progress


class AbstractWork(ABC):
    """What is done in steps, between which it can be stopped and later resumed.

    Attributes
    ----------
    total : int
        How many of what is counted there are to be.
    counted : str
        What that is, in the singular.
    """

    total: int
    counted = "trial"

    @property
    @abstractmethod
    def done(self) -> int:
        """How many there are so far."""

    @property
    @abstractmethod
    def recent(self) -> float:
        """What a progress bar shows: the loss, or the share of errors, of late."""

    @property
    @abstractmethod
    def finished(self) -> bool:
        """Whether nothing is left to do."""

    @abstractmethod
    def step(self) -> None:
        """Do the next; only before and after it do all parts of the work belong together."""

    @abstractmethod
    def conclude(self) -> None:
        """Write what is left to the file, so that it is whole."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    @abstractmethod
    def how_to_go_on(self) -> str:
        """The message for whoever interrupted it."""


def carry_on(work: AbstractWork, progress: bool | Hook) -> None:
    """Work to the end, whatever ends it; leave the file whole and closed.

    What breaks a step off leaves the file as the last checkpoint made it; after a divergence the weights are those of before.

    Raises
    ------
    DivergenceError
        If a step does.
    KeyboardInterrupt, SystemExit
        On Ctrl-C or SIGTERM, after the step under way.
    """
    with Interrupt() as interrupt, Progress(progress, work.total, work.done, work.counted) as shown:
        try:
            _step_by_step(work, interrupt, shown)
            work.conclude()
        except DivergenceError:
            work.conclude()
            raise
        finally:
            work.close()
    interrupt.act(work.how_to_go_on())


def _step_by_step(work: AbstractWork, interrupt: Interrupt, shown: Progress) -> None:
    going = True
    while going and not work.finished and interrupt.received is None:
        work.step()
        going = _shown(work, shown)


def _shown(work: AbstractWork, shown: Progress) -> bool:
    """Show how far it is; whether to go on. Where a hook raises, the file is made whole first, which is possible between two steps."""
    try:
        return shown.advance(work.done, work.recent)
    except BaseException:
        work.conclude()
        raise
