"""Pixel digits: classify a handwritten digit from its pixels, one or a row at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.random_numbers.seeds import ORDER, generator
from neurorec.tasks._reading.idx import pictures
from neurorec.tasks._reading.settings import as_path, chosen
from neurorec.tasks.base.collection import AbstractCollection
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.scores import share_right
from neurorec.tasks.base.trials import Trial, Trials

TRAINING_IMAGES = 1400  # of scikit-learn's 1797; the other 397 are the test set
SPLIT = 0  # seed of the order in which the two are dealt out


@dataclass(frozen=True)
class PixelDigits(AbstractCollection):
    """Classify handwritten digits that come in piece by piece: sequential MNIST of Le et al. (2015, arXiv 1504.00941) in small.

    Pictures are the 1797 digits of 8 x 8 pixels that come with scikit-learn (64 steps by pixel, 8 by row), or MNIST (784
    and 28) or its like from a folder of yours; nothing is downloaded. Grey values are scaled to [0, 1]. Ten outputs, the
    logits of the digits; only the last step counts.

    Parameters
    ----------
    dt : float
        Time step in seconds; one pixel or row comes at each.
    order : str
        ``"pixel"``: left to right, top to bottom. ``"row"``: a row at a time. ``"permuted"``: pixel by pixel in an order
        that is random and the same for all pictures.
    split : str
        ``"train"`` or ``"test"``. scikit-learn's are dealt out at random, once and for all: 1400 and 397.
    permutation : int
        Seed of the order ``"permuted"``.
    folder : path, optional
        With MNIST's four IDX files, plain or ``.gz``; None: scikit-learn's digits.

    Raises
    ------
    UnknownName, ValueRefused
        If a setting is out of its range; if a file is missing or damaged.

    Notes
    -----
    Conditions of a trial: ``digit``; ``image``, its number in the split.
    """

    dt: float = 0.01
    order: str = "pixel"
    split: str = "train"
    permutation: int = 0
    folder: str | None = None

    n_outputs: ClassVar[int] = 10
    loss: ClassVar[str] = "cross_entropy"
    clock: ClassVar[str] = "steps"
    recommended: ClassVar[Recommended] = Recommended(cell="gru", trials=40_000, batch=20, rate=0.003, anneal=0.05)

    def __post_init__(self) -> None:
        """Make the settings plain values, and read the pictures now."""
        positive("dt", self.dt, "seconds")
        chosen("order", self.order, ("pixel", "row", "permuted"))
        chosen("split", self.split, ("train", "test"))
        whole("permutation", self.permutation, least=0)
        object.__setattr__(self, "folder", as_path("folder", self.folder))
        _ = self.data

    @property
    def n_inputs(self) -> int:
        """One pixel, or a row of them."""
        return self._path.shape[1]

    @property
    def count(self) -> int:
        """Pictures in the split."""
        return len(self.data[1])

    @cached_property
    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Pictures (n, height, width) and their digits (n,), bytes."""
        return _scikit_learn(self.split) if self.folder is None else pictures(self.folder, self.split)

    def item(self, number: int) -> Trial:
        """Inputs (T, 1) or (T, width) in [0, 1], targets (T, 10) one-hot, of which the last counts."""
        images, digits = self.data
        inputs = images[number].reshape(-1)[self._path] / self._white
        targets = np.eye(10)[np.full(len(inputs), digits[number])]
        return Trial(inputs, targets, np.arange(len(inputs)) == len(inputs) - 1, {"digit": int(digits[number]), "image": number})

    def images(self, trials: Trials) -> np.ndarray:
        """The pictures of the trials, reassembled, (B, height, width) in [0, 1]."""
        images = np.empty((trials.count, *self.data[0].shape[1:]))
        images.reshape(trials.count, -1)[:, self._path.reshape(-1)] = trials.inputs.transpose(1, 0, 2).reshape(trials.count, -1)
        return images

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 where the right digit has the largest output at the last step, else 0, (B,)."""
        return share_right(outputs, trials)

    @cached_property
    def _path(self) -> np.ndarray:
        """Which pixels come at each step, (T, I)."""
        height, width = self.data[0].shape[1:]
        pixels = np.arange(height * width)
        if self.order == "permuted":
            pixels = generator(self.permutation, ORDER).permutation(pixels)
        return pixels.reshape(-1, width if self.order == "row" else 1)

    @property
    def _white(self) -> int:
        return 16 if self.folder is None else 255


def _scikit_learn(split: str) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits  # takes a second to import

    digits = load_digits()
    dealt = generator(SPLIT, ORDER).permutation(len(digits.target))
    which = dealt[:TRAINING_IMAGES] if split == "train" else dealt[TRAINING_IMAGES:]
    return digits.images[which].astype(np.uint8), digits.target[which].astype(np.uint8)
