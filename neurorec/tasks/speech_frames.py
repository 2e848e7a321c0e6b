"""Speech frames: predict the next frame of a spectrogram."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import get_window

from neurorec.arrays import positive, whole
from neurorec.errors import ValueRefused
from neurorec.tasks._reading.settings import as_path, chosen
from neurorec.tasks._reading.sounds import sounds
from neurorec.tasks.base.collection import AbstractCollection
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.scores import variance_explained
from neurorec.tasks.base.trials import Trial, Trials


@dataclass(frozen=True)
class SpeechFrames(AbstractCollection):
    """Predict each next frame of a log-magnitude spectrogram, as the papers do on TIMIT (Wisdom et al. 2016).

    A frame is ``log(1 + |S| / floor)`` in every frequency bin, S the Fourier transform of a Hann window of sound, scaled so
    that a sine wave has its amplitude. Above the floor that is the log magnitude but for a constant, which no squared
    error sees; silence is 0. Shorter utterances are padded with zeros, which do not count.

    The loss is half the squared error, summed over bins. Where a paper's MSE is a mean over bins and frames, it is
    ``2 loss / n_outputs``, except that here every utterance counts alike, however long.

    Parameters
    ----------
    dt : float
        Seconds from one frame to the next, whole samples; 0.016 is 128 samples at 8 kHz.
    folder : path, optional
        With ``.wav`` files at any depth. Folders train and test in it (in either case) are the splits; else every tenth
        file, by path, is for testing. None: forty synthetic voice-like glides, to try things out.
    split : str
        ``"train"`` or ``"test"``.
    window : float
        Length of the window in seconds, whole samples; 0.032 is 256 samples at 8 kHz, 129 bins.
    sampling : int
        Samples a second; files of another rate are resampled.
    floor : float
        Amplitude below which the spectrum counts as silence, full scale being 1; 1e-4 is -80 dB.

    Raises
    ------
    UnknownName, ValueRefused
        If a setting is out of its range; if a file cannot be read or is too short.

    Notes
    -----
    Conditions of a trial: ``utterance``, its number in the split; ``frames``, how many are to be predicted.
    """

    dt: float = 0.016
    folder: str | None = None
    split: str = "train"
    window: float = 0.032
    sampling: int = 8000
    floor: float = 1e-4

    recommended: ClassVar[Recommended] = Recommended(cell="gru", trials=4000, batch=20, rate=0.01, anneal=0.1)

    def __post_init__(self) -> None:
        """Make the settings plain values, and read the sounds now."""
        whole("sampling", self.sampling)
        for name in ("dt", "window"):
            self._samples(name, positive(name, getattr(self, name), "seconds"))
        positive("floor", self.floor)
        chosen("split", self.split, ("train", "test"))
        object.__setattr__(self, "folder", as_path("folder", self.folder))
        _ = self.spectrograms

    @property
    def n_inputs(self) -> int:
        """Frequency bins."""
        return self._samples("window", self.window) // 2 + 1

    @property
    def n_outputs(self) -> int:
        """Frequency bins."""
        return self.n_inputs

    @property
    def count(self) -> int:
        """Utterances in the split."""
        return len(self.spectrograms)

    @cached_property
    def spectrograms(self) -> list[np.ndarray]:
        """Of each utterance, (frames, bins), float32."""
        made = {name: self.spectrogram(sound) for name, sound in sounds(self.folder, self.split, self.sampling).items()}
        for name, frames in made.items():
            if len(frames) < 2:
                raise ValueRefused(
                    f"{name!r} is shorter than two frames, {self.window + self.dt:g} s; leave it out, or choose a shorter window and dt"
                )
        return [frames.astype(np.float32) for frames in made.values()]

    def spectrogram(self, sound: np.ndarray) -> np.ndarray:
        """Frames of a sound (samples,), (frames, bins): whole windows only."""
        length = self._samples("window", self.window)
        hann = get_window("hann", length)
        if len(sound) < length:
            return np.zeros((0, self.n_inputs))
        frames = sliding_window_view(sound, length)[:: self._samples("dt", self.dt)]
        magnitude = np.abs(np.fft.rfft(frames * hann, axis=1)) * 2 / hann.sum()
        return np.log1p(magnitude / self.floor)

    def item(self, number: int) -> Trial:
        """Inputs (T, bins), targets (T, bins) one frame later, padded to the longest of the split."""
        frames = self.spectrograms[number].astype(np.float64)
        count = len(frames) - 1
        padding = ((0, max(map(len, self.spectrograms)) - len(frames)), (0, 0))
        mask = np.pad(np.ones(count), padding[0])
        return Trial(np.pad(frames[:-1], padding), np.pad(frames[1:], padding), mask, {"utterance": number, "frames": count})

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Variance explained over all bins together, (B,)."""
        return variance_explained(outputs, trials)

    def _samples(self, name: str, seconds: float) -> int:
        """Whole samples of a duration."""
        samples = seconds * self.sampling
        if round(samples) < 1 or abs(samples - round(samples)) > 1e-6 * samples:
            raise ValueRefused(
                f"{name} = {seconds:g} s is {samples:g} samples at {self.sampling} a second; "
                f"choose whole ones, such as {max(1, round(samples)) / self.sampling:g} s"
            )
        return round(samples)
