"""Recorded pattern: produce what was once recorded, from electrodes, muscles or a moving hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.ndimage import gaussian_filter

from neurorec.arrays import positive, real_array
from neurorec.errors import NeurorecError, ShapeError, UnknownName, ValueRefused
from neurorec.recommended import Recommended
from neurorec.trials import AbstractTask, Trial, Trials, variance_explained


@dataclass(frozen=True)
class RecordedPattern(AbstractTask):
    """Reproduce a recording of yours, one output per channel, without any input.

    A generalisation of Murray (2019, eLife 8:e43299), Figure 2: in the place of his sum of sines, anything that was
    measured. The recording is read once; each channel is smoothed, cut to the window, resampled to `dt` by linear
    interpolation, and shifted and scaled to mean 0 and standard deviation `amplitude`. Every trial is the same.
    A trial scores the variance explained of its target.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    recording : str, path or (samples, channels) array_like, optional
        A ``.csv`` file (commas; a first line of text is skipped), ``.npy`` or ``.h5`` / ``.hdf5`` file, or the numbers
        themselves, which are kept as a tuple. Rows are samples and columns are channels (leave out a column of times).
        None: the first 200 samples of the four-channel EEG that comes with matplotlib.
    dataset : str, optional
        Name within an HDF5 file; None: the only one.
    sampling : float
        Seconds from one sample to the next.
    start, stop : float
        Window in seconds from the first sample, to the nearest sample, `stop` excluded; None: to the end.
    smooth : float
        Standard deviation in seconds of the Gaussian that smooths each channel; 0: none. At least `dt` where the time
        step is longer than `sampling`, or what is faster than the time step would come back as something slow.
    amplitude : float
        Standard deviation of each channel of the target; Murray's waveform has 0.81.

    Raises
    ------
    ShapeError, UnknownName, ValueRefused
        If the file cannot be read, or holds something else than finite real numbers; if a channel is constant; if the
        window holds fewer than two samples.
    """

    dt: float = 0.01
    recording: Any = None
    dataset: str | None = None
    sampling: float = 0.01
    start: float = 0.0
    stop: float | None = None
    smooth: float = 0.02
    amplitude: float = 0.5

    n_inputs: ClassVar[int] = 0
    recommended: ClassVar[Recommended] = Recommended(readout_gain=0.1, trials=6000, batch=1, rate=0.001, anneal=0.05)

    def __post_init__(self) -> None:
        """Make the settings plain values, which compare and go to a run file, and read the recording now."""
        for name in ("dt", "sampling", "amplitude"):
            positive(name, getattr(self, name))
        for name in ("start", "smooth"):
            if getattr(self, name) != 0:
                positive(name, getattr(self, name), "seconds, or 0")
        if self.smooth < self.dt and self.dt > self.sampling:
            raise ValueRefused(
                f"dt = {self.dt:g} s is longer than sampling = {self.sampling:g} s and would alias; "
                f"smooth by at least dt instead of {self.smooth:g} s, or choose a smaller dt"
            )
        if self.recording is not None:
            object.__setattr__(self, "recording", _plain(self.recording))
        if self.dataset is not None and not str(self.recording).lower().endswith((".h5", ".hdf5")):
            raise ValueRefused(f"dataset = {self.dataset!r} is a name within an HDF5 file; recording is none, leave it out")
        _ = self.pattern

    @property
    def n_outputs(self) -> int:
        """One per channel."""
        return self.pattern.shape[1]

    @cached_property
    def pattern(self) -> np.ndarray:
        """What the network should produce, (T, O)."""
        recorded = _samples(self.recording, self.dataset)
        samples = self._cut(gaussian_filter(recorded, (self.smooth / self.sampling, 0), mode="nearest"))
        last = (len(samples) - 1) * self.sampling
        time = np.arange(int(last / self.dt + 1e-9) + 1) * self.dt  # within the samples: nothing is extrapolated
        known = np.arange(len(samples)) * self.sampling
        pattern = np.stack([np.interp(time, known, channel) for channel in samples.T], axis=1)
        return self._scaled(pattern)

    def trial(self, rng: np.random.Generator) -> Trial:
        """The recording: inputs (T, 0), targets (T, O)."""
        return Trial(np.zeros((len(self.pattern), 0)), self.pattern)

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Variance explained over all channels together, (B,)."""
        return variance_explained(outputs, trials)

    def _cut(self, samples: np.ndarray) -> np.ndarray:
        """The samples within the window."""
        stop = len(samples) if self.stop is None else round(positive("stop", self.stop, "seconds") / self.sampling)
        start = round(self.start / self.sampling)
        if not start + max(1, self.dt / self.sampling) <= stop - 1 < len(samples):
            raise ValueRefused(
                f"start = {self.start:g} s and stop = {stop * self.sampling:g} s must lie within the recording's "
                f"{len(samples) * self.sampling:g} s ({len(samples)} samples) and hold at least two samples and two time steps; "
                f"check sampling, too"
            )
        return samples[start:stop]

    def _scaled(self, pattern: np.ndarray) -> np.ndarray:
        """Mean 0 and standard deviation `amplitude`."""
        centred = pattern - pattern.mean(axis=0)
        spread = centred.std(axis=0)
        if (flat := spread <= 1e-12 * np.abs(pattern).max(axis=0)).any():
            raise ValueRefused(f"channel {flat.argmax()} of the recording is constant there; leave it out or move start and stop")
        return self.amplitude * centred / spread


def _plain(recording: object) -> str | tuple:
    """A path as text, numbers as nested tuples."""
    if isinstance(recording, str | Path):
        return str(recording)
    return tuple(map(tuple, _table(recording).tolist()))


def _samples(recording: str | tuple | None, dataset: str | None) -> np.ndarray:
    """The whole recording, (samples, channels)."""
    if recording is None:
        return _example()
    if not isinstance(recording, str):
        return _table(recording)
    path = Path(recording).expanduser()
    if path.suffix.lower() not in _READERS:
        raise ValueRefused(f"cannot tell what {recording!r} is; its name must end in {', '.join(_READERS)}, or pass an array")
    if not path.is_file():
        raise ValueRefused(f"there is no file {recording!r}; give a path from {Path.cwd()} or an absolute one")
    try:
        return _table(_READERS[path.suffix.lower()](path, dataset))
    except NeurorecError:
        raise
    except (OSError, ValueError, EOFError) as error:
        raise ValueRefused(f"cannot read {recording!r} as a table of numbers: {str(error).splitlines()[0]}") from error


def _table(values: object) -> np.ndarray:
    """Finite real numbers, (samples, channels); a list of numbers is one channel."""
    array = real_array("recording", values)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or 0 in array.shape:
        raise ShapeError(f"recording must have shape (samples, channels), got {array.shape}; keep one row per sample")
    return array


def _example() -> np.ndarray:
    """Two seconds of the EEG that comes with matplotlib: raw little-endian float64, four channels."""
    from matplotlib.cbook import get_sample_data

    path = get_sample_data("eeg.dat", asfileobj=False)
    return np.fromfile(str(path), "<f8").reshape(-1, 4)[:200]


def _csv(path: Path, dataset: str | None) -> np.ndarray:
    lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    header = bool(lines) and not any(map(_is_number, lines[0].split(",")))
    if not lines[header:]:
        raise ValueError("there are no numbers in it")
    return np.loadtxt(lines[header:], delimiter=",", ndmin=2)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _npy(path: Path, dataset: str | None) -> np.ndarray:
    return np.load(path, allow_pickle=False)


def _hdf5(path: Path, dataset: str | None) -> np.ndarray:
    import h5py

    with h5py.File(path, "r") as file:
        found: list[str] = []
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
        if dataset is None and len(found) != 1:
            raise ValueRefused(f"{str(path)!r} holds {len(found)} datasets; choose with dataset=: {', '.join(found) or 'none'}")
        name = found[0] if dataset is None else dataset.strip("/")
        if name not in found:
            raise UnknownName.among("dataset", name, found)
        return file[name][()]


_READERS: dict[str, Callable[[Path, str | None], np.ndarray]] = {".csv": _csv, ".npy": _npy, ".h5": _hdf5, ".hdf5": _hdf5}
