"""A training that several processes carry on in step: they stop, and write checkpoints, after the same trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

from neurorec.errors import DivergenceError
from neurorec.process.carry_on import AbstractWork
from neurorec.process.team import AbstractTeam

if TYPE_CHECKING:
    import numpy as np

    from neurorec.training.journal import Journal


@final
class InStep(AbstractWork):
    """A rank's part of the work; before each batch all say whether one of them was asked to stop, or has waited long enough for a checkpoint.

    Parameters
    ----------
    journal : Journal
    team : AbstractTeam
    command : str
        Which goes on with it.
    """

    def __init__(self, journal: Journal, team: AbstractTeam, command: str):
        self._journal, self._team, self._command, self._ended = journal, team, command, False
        self._log: Any = AgreedLog(journal.log)
        journal.log = self._log
        self.total = journal.total

    @property
    def done(self) -> int:
        """As the journal says."""
        return self._journal.done

    @property
    def recent(self) -> float:
        """As the journal says."""
        return self._journal.recent

    @property
    def finished(self) -> bool:
        """All trials done, the criterion met, or another rank was stopped."""
        return self._ended or self._journal.finished

    def step(self) -> None:
        """The next batch, unless one of the others stops here."""
        self._ended, self._log.due = self._team.any(False, self._log.waited)
        if not self._ended:
            try:
                self._journal.step()
            except DivergenceError:
                self._ended = True  # for all ranks: they have the same losses
                raise

    def conclude(self) -> None:
        """The others are told, where it is this rank that stops."""
        if not self.finished:
            self._ended, _ = self._team.any(True, False)
        self._journal.conclude()

    def close(self) -> None:
        """This rank's file."""
        self._journal.close()

    def how_to_go_on(self) -> str:
        """The message for whoever interrupted a rank."""
        return f"stopped after trial {self.done} of {self.total}; go on with: {self._command}"


@final
class AgreedLog:
    """A log that is due for a checkpoint where all ranks have agreed that it is.

    Parameters
    ----------
    own : TrialLog
    """

    def __init__(self, own: Any):
        self._own, self.due = own, False
        self.batches_until = own.batches_until

    @property
    def waited(self) -> bool:
        """Whether this rank alone would say that it is time."""
        return self._own.due

    @property
    def done(self) -> int:
        """As the log says."""
        return self._own.done

    @property
    def recent(self) -> float:
        """As the log says."""
        return self._own.recent

    @property
    def full(self) -> bool:
        """As the log says."""
        return self._own.full

    def append(self, block: Mapping[str, np.ndarray], shown: np.ndarray) -> None:
        """As the log does."""
        self._own.append(block, shown)

    def checkpoint(self, state: Any) -> None:
        """As the log does."""
        self._own.checkpoint(state)
