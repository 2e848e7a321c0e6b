"""Sounds: the WAV files of a folder, or synthetic ones where there is no folder."""

from __future__ import annotations

import struct
import warnings
from math import gcd
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

from neurorec.errors import ValueRefused
from neurorec.tasks._reading.settings import existing

EXPECTED = "a folder of .wav files, which may be sorted into folders train and test"
TENTH = 10  # without such folders every tenth file is for testing
GLIDES = 40  # how many synthetic sounds there are
UNREADABLE = (ValueError, OSError, struct.error, UnboundLocalError)  # the last is how scipy 1.17 says that a header has no samples


def sounds(folder: str | None, split: str, sampling: int) -> dict[str, np.ndarray]:
    """The sounds of the split by name, each (samples,) in [-1, 1] at `sampling` samples a second.

    Raises
    ------
    ValueRefused
        If there are none, or a file is not what its name says.
    """
    if folder is None:
        return {f"glide {number}": _glide(number, sampling) for number in range(GLIDES) if _is_in(split, number)}
    return {str(path): _read(path, sampling) for path in _files(existing("folder", folder, EXPECTED), split)}


def _is_in(split: str, number: int) -> bool:
    return (number % TENTH == TENTH - 1) == (split == "test")


def _files(folder: Path, split: str) -> list[Path]:
    """The split's files, sorted by path."""
    if folder.is_file():
        raise ValueRefused(f"folder = {str(folder)!r} is a file; expected {EXPECTED}")
    sorted_into = {path.name.lower(): path for path in folder.iterdir() if path.is_dir()}
    if {"train", "test"} <= sorted_into.keys():
        files = _wav(sorted_into[split])
    else:
        files = [path for number, path in enumerate(_wav(folder)) if _is_in(split, number)]
    if not files:
        raise ValueRefused(f"{str(folder)!r} has no .wav file for split {split!r}; expected {EXPECTED}, or at least {TENTH} files")
    return files


def _wav(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".wav" and path.is_file())


def _read(path: Path, sampling: int) -> np.ndarray:
    """Channels averaged, full scale 1, resampled."""
    rate, samples = _riff(path)
    samples = _scaled(samples)
    if not samples.size or not np.isfinite(samples).all():
        raise ValueRefused(f"{str(path)!r} holds {'NaN or infinities' if samples.size else 'no sound'}; leave it out")
    shared = gcd(rate, sampling)
    return resample_poly(samples if samples.ndim == 1 else samples.mean(axis=1), sampling // shared, rate // shared)


def _riff(path: Path) -> tuple[int, np.ndarray]:
    """Samples a second, and the samples as they stand, (samples,) or (samples, channels)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Chunk \(non-data\)", wavfile.WavFileWarning)  # titles and the like
        warnings.filterwarnings("error", "Reached EOF", wavfile.WavFileWarning)  # cut short
        try:
            return wavfile.read(path)
        except (*UNREADABLE, wavfile.WavFileWarning) as error:
            raise ValueRefused(
                f"{str(path)!r} is no whole RIFF WAV file ({str(error).splitlines()[0]}); fetch or convert it again, for instance with "
                f"sox. TIMIT's own files are NIST SPHERE although they are called .WAV"
            ) from error


def _scaled(samples: np.ndarray) -> np.ndarray:
    """Float64 with full scale 1, of whole numbers of any width (8 bit has its zero at 128)."""
    if samples.dtype.kind == "f":
        return samples.astype(np.float64)
    zero = 128 if samples.dtype == np.uint8 else 0
    return (samples.astype(np.float64) - zero) / (128 if zero else -float(np.iinfo(samples.dtype).min))


def _glide(number: int, sampling: int) -> np.ndarray:
    """A voice-like sound of 0.4 to 0.8 s: a pulse train of gliding pitch through two resonances that move."""
    vary = 0.5 + 0.5 * np.sin(np.array([1.0, 2.3, 3.1, 4.7, 5.9]) * (number + 1))  # a different mixture for each number, in [0, 1]
    time = np.linspace(0, 1, int((0.4 + 0.4 * vary[0]) * sampling))
    pitch = 100 + 60 * vary[1] + 60 * (vary[2] - 0.5) * time  # Hz
    phase = 2 * np.pi * np.cumsum(pitch) / sampling
    first, second = 300 + 500 * (vary[3] + (1 - 2 * vary[3]) * time), 900 + 1400 * (vary[4] + (1 - 2 * vary[4]) * time)  # Hz
    sound = np.zeros_like(time)
    for harmonic in range(1, 20):
        strength = sum(np.exp(-(((harmonic * pitch - resonance) / 150) ** 2)) for resonance in (first, second))
        sound += (0.02 + strength) * np.sin(harmonic * phase)
    return 0.1 * np.sin(np.pi * time) * sound
