"""Character text: which character comes next?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.tasks._reading import texts
from neurorec.tasks._reading.settings import as_path, chosen
from neurorec.tasks.base.collection import AbstractCollection
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.scores import share_right
from neurorec.tasks.base.trials import Trial, Trials


@dataclass(frozen=True)
class CharacterText(AbstractCollection):
    """Predict each next character of a text.

    The text comes with Python (the topics of ``help()``, `pydoc_data.topics`) or is a file of yours. A trial is one of
    the windows of `length` characters that follow one another, and the target at each step is the next character; the
    state begins anew in each. Inputs and the logits that go out have one channel for every character there is.

    Parameters
    ----------
    dt : float
        Time step in seconds; one character comes at each.
    text : path, optional
        A text file in UTF-8, of which the last tenth is the test set; or a folder with one file each for train, valid
        and test, such as Penn Treebank's. None: Python's text. It changes with Python's version: another than that of
        3.11.7, with which numbers were found, is used and a warning says so.
    length : int
        Characters of a trial.
    split : str
        ``"train"``, ``"test"``, and ``"valid"`` where `text` is a folder.

    Raises
    ------
    UnknownName, ValueRefused
        If a setting is out of its range, or the text cannot be read or is too short.

    Notes
    -----
    Condition of a trial: ``start``, its first character's place in the split.
    """

    dt: float = 0.01
    text: str | None = None
    length: int = 64
    split: str = "train"

    loss: ClassVar[str] = "cross_entropy"
    clock: ClassVar[str] = "steps"
    recommended: ClassVar[Recommended] = Recommended(units=128, cell="gru", trials=12_000, batch=20, rate=0.003, anneal=0.1)

    def __post_init__(self) -> None:
        """Make the settings plain values, and read the text now."""
        positive("dt", self.dt, "seconds")
        whole("length", self.length)
        chosen("split", self.split, texts.PARTS)
        object.__setattr__(self, "text", as_path("text", self.text))
        _ = self.count

    @property
    def n_inputs(self) -> int:
        """One per character."""
        return len(self.alphabet)

    @property
    def n_outputs(self) -> int:
        """One per character."""
        return len(self.alphabet)

    @property
    def alphabet(self) -> str:
        """The characters of all parts, in the order of their channels."""
        return self._content[0]

    @property
    def codes(self) -> np.ndarray:
        """The split's characters by channel."""
        return self._content[1]

    @property
    def count(self) -> int:
        """Windows in the split."""
        return texts.windows(self.codes, self.length, "characters")

    def item(self, number: int) -> Trial:
        """Inputs and targets (length, characters), one-hot."""
        return texts.window(self.codes, number, self.length, self.n_inputs)

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Share of characters predicted, (B,): the next one has the largest output."""
        return share_right(outputs, trials)

    def read(self, channels: np.ndarray) -> list[str]:
        """What inputs, targets or outputs (T, B, characters) say, one text a trial: the largest channel of each step."""
        return ["".join(self.alphabet[code] for code in trial) for trial in channels.argmax(axis=2).T]

    @staticmethod
    def bits_per_character(loss: float) -> float:
        """A loss, which is in nats, in bits."""
        return float(loss / np.log(2))

    @cached_property
    def _content(self) -> tuple[str, np.ndarray]:
        """The alphabet, and the split in it."""
        there = texts.parts(self.text)
        alphabet = "".join(sorted(set().union(*there.values())))
        channel = {character: code for code, character in enumerate(alphabet)}
        return alphabet, np.array([channel[character] for character in texts.part(there, self.split)])
