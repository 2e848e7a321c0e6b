"""Copying memory: repeat, after a delay, the symbols that came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.random_numbers.streams import AbstractStreams
from neurorec.tasks.base.drawn import AbstractDrawn
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.scores import share_right
from neurorec.tasks.base.trials import Trials

BLANK = 0


@dataclass(frozen=True)
class CopyingMemory(AbstractDrawn):
    """Copying memory task of Hochreiter and Schmidhuber (1997), in the form of Arjovsky et al. (2016, arXiv 1511.06464).

    Ten symbols out of eight come in, one a step; then ``delay - 1`` blanks, the go cue, and ten blanks more, during which
    the ten symbols must go out in their order. Before, blank is the answer. A trial has ``delay + 2 length`` steps, and
    all of them count in the loss, as in the papers of scoRNN (arXiv 1707.09520) and scuRNN (arXiv 1811.04142).

    Inputs are one-hot: blank is channel 0, the symbols follow, the cue is the last. Outputs are the logits of blank and
    of the symbols.

    Parameters
    ----------
    dt : float
        Time step in seconds; one symbol comes at each.
    delay : int
        Steps from the last symbol to the go cue, T of the papers.
    length : int
        How many symbols are to be kept.
    symbols : int
        Of how many they are drawn, all equally likely.

    Raises
    ------
    ValueRefused
        If a setting is out of its range.

    Notes
    -----
    Condition of a trial: ``word``, the symbols to be kept as text, such as "3 1 8 ...".
    """

    dt: float = 0.01
    delay: int = 100
    length: int = 10
    symbols: int = 8

    loss: ClassVar[str] = "cross_entropy"
    clock: ClassVar[str] = "steps"
    recommended: ClassVar[Recommended] = Recommended(
        cell="modrelu", parametrisation="cayley", trials=30_000, batch=20, rate=0.001, anneal=0.05
    )

    def __post_init__(self) -> None:
        """Refuse settings that make no trial."""
        positive("dt", self.dt, "seconds")
        for name, least in (("delay", 1), ("length", 1), ("symbols", 2)):
            whole(name, getattr(self, name), least)

    @property
    def n_inputs(self) -> int:
        """Blank, symbols and cue."""
        return self.symbols + 2

    @property
    def n_outputs(self) -> int:
        """Blank and symbols."""
        return self.symbols + 1

    @property
    def baseline(self) -> float:
        """Loss without memory of the symbols: ``length log(symbols) / (delay + 2 length)``, 10 log 8 / (T + 20) of the papers.

        It is that of a network which knows when to answer, but not what: blank for sure, then all symbols alike.
        """
        return self.length * float(np.log(self.symbols)) / (self.delay + 2 * self.length)

    def draw(self, rng: AbstractStreams) -> Trials:
        """Inputs (T, B, symbols + 2) and targets (T, B, symbols + 1), both one-hot."""
        words = rng.integers(1, self.symbols + 1, self.length)
        stimulus, target = np.full((2, self.delay + 2 * self.length, rng.count), BLANK)
        stimulus[: self.length] = target[-self.length :] = words
        stimulus[-self.length - 1] = self.n_inputs - 1
        names = [str(symbol) for symbol in range(self.symbols + 1)]
        texts = [" ".join([names[symbol] for symbol in word]) for word in words.T.tolist()]
        inputs, targets = (np.eye(width).take(shown, axis=0) for width, shown in ((self.n_inputs, stimulus), (self.n_outputs, target)))
        return self._trials(inputs, targets, word=np.array(texts))

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Share of the symbols recalled, (B,): the right one has the largest output at its step."""
        last = slice(-self.length, None)
        return share_right(outputs[last], Trials(trials.inputs[last], trials.targets[last], dt=trials.dt, loss=trials.loss))
