"""Recorded pattern: reproduce a recording of electrodes, muscles or a moving hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.ndimage import gaussian_filter

from neurorec.arrays import positive, real_array
from neurorec.errors import ShapeError, ValueRefused
from neurorec.tasks._reading.recordings import Recording, array_table, example, file_table, recording_of
from neurorec.tasks.base.fixed import AbstractFixed
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.scores import variance_explained
from neurorec.tasks.base.trials import Trial, Trials

_OWN: Any = None  # "the default", which __post_init__ fills in: a field's type is what it holds afterwards


@dataclass(frozen=True, repr=False)
class RecordedPattern(AbstractFixed):
    """Reproduce a recording of yours, one output per channel, without any input.

    A generalisation of Murray (2019, eLife 8:e43299), Figure 2: in the place of his sum of sines, anything that was
    measured. The recording is read once; each channel is smoothed, cut to the window, resampled to `dt` by linear
    interpolation, and shifted and scaled to mean 0 and standard deviation `amplitude`; `original` undoes the last. Every
    trial is the same. A trial scores the variance explained of its target. `note` says which columns were taken.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    recording : str, path or (samples, channels) array_like, optional
        A text file (``.csv``, ``.tsv``, ``.txt``: comma, semicolon, tab or space separated), ``.npy`` or ``.h5`` /
        ``.hdf5`` file, or the numbers themselves, which are kept as a tuple. Rows are samples and columns are channels,
        but for a column of times. A header gives names and, in brackets, units: ``time (ms), Fz (uV)``.
        None: the first 200 samples of the four-channel EEG that comes with matplotlib.
    dataset : str, optional
        Name within an HDF5 file; None: the only one.
    sampling : float, optional
        Seconds from one sample to the next. None: by the column of times; 0.01 where there is none.
    start, stop : float
        Window in seconds from the first sample, to the nearest sample, `stop` excluded; None: to the end.
    smooth : float
        Standard deviation in seconds of the Gaussian that smooths each channel; 0: none. At least `dt` where the time
        step is longer than `sampling`, or what is faster than the time step would come back as something slow.
    amplitude : float
        Standard deviation of each channel of the target; Murray's waveform has 0.81.
    columns : sequence of str, optional
        Headers (or numbers, from 0) of the columns to take; where there is no header, what the columns are called. None: all.
    time : str, int or False, optional
        Header or number of the column of times; False: there is none. None: the one that is called time, t, timestamp or by a
        unit of time; else the first column, if it goes up in equal steps. Its unit is that of its header, or seconds; whole
        steps of no unit are refused. Uneven times are resampled evenly, by linear interpolation.

    Attributes
    ----------
    output_channels, output_units : tuple of str
        Names of the outputs and the units in which they were measured; empty where the recording has none.

    Raises
    ------
    ShapeError, UnknownName, ValueRefused
        If the file cannot be read, or holds something else than finite real numbers; if it is unclear what is time; if a
        channel is constant; if the window holds fewer than two samples.
    """

    dt: float = 0.01
    recording: Any = None
    dataset: str | None = None
    sampling: float = _OWN
    start: float = 0.0
    stop: float | None = None
    smooth: float = 0.02
    amplitude: float = 0.5
    columns: tuple[str | int, ...] | None = None
    time: str | int | bool | None = None

    n_inputs: ClassVar[int] = 0
    recommended: ClassVar[Recommended] = Recommended(readout_gain=0.1, trials=6000, batch=1, rate=0.001, anneal=0.05)

    def __post_init__(self) -> None:
        """Make the settings plain values, which compare and go to a run file, and read the recording now."""
        fill = vars(self).update  # a frozen value is filled here and nowhere else
        for name in ("dt", "amplitude", *(() if self.sampling is None else ("sampling",))):
            positive(name, getattr(self, name))
        for name in ("start", "smooth"):
            if getattr(self, name) != 0:
                positive(name, getattr(self, name), "seconds, or 0")
        fill(columns=_chosen(self.columns, self.recording))
        fill(recording=None if self.recording is None else _plain(self.recording))
        if self.dataset is not None and not str(self.recording).lower().endswith((".h5", ".hdf5")):
            raise ValueRefused(f"dataset = {self.dataset!r} is a name within an HDF5 file; recording is none, leave it out")
        fill(sampling=self._recorded.sampling)
        if self.smooth < self.dt and self.dt > self.sampling:
            raise ValueRefused(
                f"dt = {self.dt:g} s is longer than sampling = {self.sampling:g} s and would alias; "
                f"smooth by at least dt instead of {self.smooth:g} s, or choose a smaller dt"
            )
        _ = self.pattern

    @property
    def n_outputs(self) -> int:
        """One per channel."""
        return self.pattern.shape[1]

    @property
    def output_channels(self) -> tuple[str, ...]:
        """Of the recording, as its header calls them."""
        return self._recorded.channels

    @property
    def output_units(self) -> tuple[str, ...]:
        """Of each channel of the recording, as its header says."""
        return self._recorded.units

    @property
    def note(self) -> str:
        """The channels, their sampling rate, duration and source."""
        values, names = self._recorded.values, list(self.output_channels)
        listed = f" ({', '.join(names[:6])}{' ...' if len(names) > 6 else ''})" if names else ""
        source = "the EEG that comes with matplotlib" if self.recording is None else "an array"
        source = Path(self.recording).name if isinstance(self.recording, str) else source
        count = f"{values.shape[1]} channel{'s' if values.shape[1] > 1 else ''}"
        return f"{count}{listed} at {1 / self.sampling:g} Hz, {len(values) * self.sampling:.2f} s, from {source}; {self._recorded.note}"

    @cached_property
    def pattern(self) -> np.ndarray:
        """What the network should produce, (T, O)."""
        mean, scale = self._scales
        return (self._resampled - mean) / scale

    def original(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs (or targets), (..., O), in the units of the recording: scaled and shifted back; smoothing is not undone."""
        mean, scale = self._scales
        values = real_array("outputs", outputs)
        if values.shape[-1:] != mean.shape:
            raise ShapeError(f"outputs must have {len(mean)} channels in their last dimension, got {values.shape}")
        return values * scale + mean

    def trial(self, rng: np.random.Generator) -> Trial:
        """The recording: inputs (T, 0), targets (T, O)."""
        return Trial(np.zeros((len(self.pattern), 0)), self.pattern)

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Variance explained over all channels together, (B,)."""
        return variance_explained(outputs, trials)

    def __repr__(self) -> str:
        return f"<RecordedPattern of {self.note}; {len(self.pattern)} steps of {self.dt:g} s>"

    @cached_property
    def _recorded(self) -> Recording:
        """All of the recording, in its own units."""
        if self.recording is None:
            table = example()
        elif isinstance(self.recording, str):
            table = file_table(self.recording, self.dataset)
        else:
            table = array_table(self.recording)
        return recording_of(table, self.time, self.sampling, self.columns)

    @cached_property
    def _resampled(self) -> np.ndarray:
        """Smoothed, cut to the window, and resampled to `dt`, (T, O)."""
        samples = self._cut(gaussian_filter(self._recorded.values, (self.smooth / self.sampling, 0), mode="nearest"))
        last = (len(samples) - 1) * self.sampling
        time = np.arange(int(last / self.dt + 1e-9) + 1) * self.dt  # within the samples: nothing is extrapolated
        known = np.arange(len(samples)) * self.sampling
        return np.stack([np.interp(time, known, channel) for channel in samples.T], axis=1)

    @cached_property
    def _scales(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean of each channel, and how much of it is one unit of the target, (O,) each."""
        with np.errstate(over="ignore", invalid="ignore"):
            mean, spread = self._resampled.mean(axis=0), self._resampled.std(axis=0)
        if not np.isfinite(spread).all():
            raise ValueRefused(f"the recording reaches {np.abs(self._resampled).max():.1g}, too large to be scaled; is it damaged?")
        if (flat := spread <= 1e-12 * np.abs(self._resampled).max(axis=0)).any():
            channel = int(flat.argmax())
            raise ValueRefused(
                f"channel {self.output_channels[channel] if self.output_channels else channel} of the recording is constant there; leave it out or move start and stop"
            )
        return mean, spread / self.amplitude

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


def _plain(recording: object) -> str | tuple:
    """A path as text, numbers as nested tuples."""
    if isinstance(recording, str | Path):
        return str(recording)
    return tuple(map(tuple, array_table(recording).values.tolist()))


def _chosen(columns: Any, recording: object) -> tuple[str | int, ...] | None:
    """The names that were passed, else those of a data frame's columns."""
    if columns is None and hasattr(recording, "columns"):
        columns = [str(name) for name in recording.columns]  # type: ignore[attr-defined]
    if columns is None:
        return None
    if not isinstance(columns, Sequence) or isinstance(columns, str) or not columns or not all(isinstance(c, str | int) for c in columns):
        raise ValueRefused(f"columns must be a sequence of names such as ('Fz', 'Cz'), got {columns!r}")
    return tuple(columns)
