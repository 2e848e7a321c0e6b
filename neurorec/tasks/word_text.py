"""Word text: which word comes next?"""

from __future__ import annotations

from collections import Counter
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

UNKNOWN, END = "<unk>", "<eos>"


@dataclass(frozen=True)
class WordText(AbstractCollection):
    """Predict each next word of a text, as in Penn Treebank (PTB) and WikiText-2.

    Words are what white space separates, and every line ends with ``<eos>``, an empty one, too. The most frequent words
    of the training part have a channel each; the others become ``<unk>``, which the two corpora have already. A trial is
    one of the windows of `length` words that follow one another; the state begins anew in each.

    Arrays are one-hot in float64: a window of 70 words out of 10 000 takes 6 MB, twice that with its targets.

    Parameters
    ----------
    dt : float
        Time step in seconds; one word comes at each.
    text : path, optional
        A folder with one file each for train, valid and test, such as ptb.train.txt or wiki.train.tokens; or one text
        file, of which the last tenth is the test set. None: the text that comes with Python, as for `character_text`.
    vocabulary : int
        At most so many words, ``<unk>`` and ``<eos>`` included. All of PTB has 10 000, of WikiText-2 33 278.
    length : int
        Words of a trial.
    split : str
        ``"train"``, ``"test"``, and ``"valid"`` where `text` is a folder.

    Raises
    ------
    UnknownName, ValueRefused
        If a setting is out of its range, or the text cannot be read or is too short.

    Notes
    -----
    Condition of a trial: ``start``, its first word's place in the split.
    """

    dt: float = 0.01
    text: str | None = None
    vocabulary: int = 1000
    length: int = 35
    split: str = "train"

    loss: ClassVar[str] = "cross_entropy"
    clock: ClassVar[str] = "steps"
    recommended: ClassVar[Recommended] = Recommended(cell="gru", trials=5000, batch=20, rate=0.003, anneal=0.1)

    def __post_init__(self) -> None:
        """Make the settings plain values, and read the text now."""
        positive("dt", self.dt, "seconds")
        whole("vocabulary", self.vocabulary, least=3)
        whole("length", self.length)
        chosen("split", self.split, texts.PARTS)
        object.__setattr__(self, "text", as_path("text", self.text))
        _ = self.count

    @property
    def n_inputs(self) -> int:
        """One per word."""
        return len(self.words)

    @property
    def n_outputs(self) -> int:
        """One per word."""
        return len(self.words)

    @property
    def words(self) -> tuple[str, ...]:
        """The words in the order of their channels: ``<unk>``, ``<eos>``, then the most frequent first."""
        return self._content[0]

    @property
    def codes(self) -> np.ndarray:
        """The split's words by channel."""
        return self._content[1]

    @property
    def count(self) -> int:
        """Windows in the split."""
        return texts.windows(self.codes, self.length, "words")

    def item(self, number: int) -> Trial:
        """Inputs and targets (length, words), one-hot."""
        return texts.window(self.codes, number, self.length, self.n_inputs)

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Share of words predicted, (B,): the next one has the largest output."""
        return share_right(outputs, trials)

    def read(self, channels: np.ndarray) -> list[str]:
        """What inputs, targets or outputs (T, B, words) say, one text a trial: the largest channel of each step."""
        return [" ".join(self.words[code] for code in trial) for trial in channels.argmax(axis=2).T]

    @staticmethod
    def perplexity(loss: float) -> float:
        """The exponential of a loss, which is in nats."""
        return float(np.exp(loss))

    @cached_property
    def _content(self) -> tuple[tuple[str, ...], np.ndarray]:
        """The vocabulary, and the split in it."""
        there = texts.parts(self.text)
        counted = Counter(word for word in _tokens(there["train"]) if word not in (UNKNOWN, END))
        words = (UNKNOWN, END, *(word for word, _ in counted.most_common(self.vocabulary - 2)))
        channel = {word: code for code, word in enumerate(words)}
        return words, np.array([channel.get(word, 0) for word in _tokens(texts.part(there, self.split))])


def _tokens(text: str) -> list[str]:
    """The words and the ends of lines; what follows the last of those is a line only if there is something in it."""
    lines = text.removesuffix("\n").split("\n")
    return [word for line in lines for word in (*line.split(), END)]
