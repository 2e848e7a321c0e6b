"""Texts to predict: Python's own or a user's, in parts, cut into windows."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

import numpy as np

from neurorec.errors import ValueRefused, warn
from neurorec.tasks._reading.settings import existing
from neurorec.tasks.base.trials import Trial

PARTS = ("train", "valid", "test")
EXPECTED = "a text file, or a folder with one file each for train, valid and test, such as ptb.train.txt or wiki.train.tokens"
TRAINING = 0.9  # share of a single text; the rest is for testing
REFERENCE = "3.11.7"  # the Python whose text numbers were found with
SHA256 = "2a95af4ac93f5b719944030ce3769070ddf827d847cba42192afa8da989e5dc4"  # of that text


def parts(text: str | None) -> dict[str, str]:
    """The text of each part there is.

    Raises
    ------
    ValueRefused
        If there is no such file, or it is no text.
    """
    if text is None:
        return _cut(_of_python())
    path = existing("text", text, EXPECTED)
    return {part: _read(_find(path, part)) for part in PARTS} if path.is_dir() else _cut(_read(path))


def part(of: dict[str, str], split: str) -> str:
    """One of the parts, or refused."""
    if split not in of:
        raise ValueRefused(f"a single text has no split {split!r}, it is cut into {' and '.join(of)}; expected for more: {EXPECTED}")
    return of[split]


def windows(codes: np.ndarray, length: int, unit: str) -> int:
    """How many trials of `length` steps the codes are enough for, at least one."""
    count = (len(codes) - 1) // length
    if count < 1:
        raise ValueRefused(f"length = {length} needs {length + 1} {unit} and the split has {len(codes)}; shorten it or give more text")
    return count


def window(codes: np.ndarray, number: int, length: int, size: int) -> Trial:
    """Trial `number`: one-hot codes (length, size), and each step's next one. Every code but the first is a target once."""
    start = number * length
    symbols = one_hot(codes[start : start + length + 1], size)
    return Trial(symbols[:-1], symbols[1:], None, {"start": start})


def one_hot(codes: np.ndarray, size: int) -> np.ndarray:
    """(n, size), 1 at each code."""
    rows = np.zeros((len(codes), size))
    rows[np.arange(len(codes)), codes] = 1
    return rows


def _cut(text: str) -> dict[str, str]:
    """A single text: its beginning and its end."""
    training = int(len(text) * TRAINING)
    return {"train": text[:training], "test": text[training:]}


def _find(folder: Path, part: str) -> Path:
    files = sorted(path for path in folder.iterdir() if path.is_file() and part in path.name.lower())
    if len(files) != 1:
        names = ", ".join(path.name for path in files) or "none"
        raise ValueRefused(f"{str(folder)!r} must have one file with {part!r} in its name, it has {names}; expected {EXPECTED}")
    return files[0]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueRefused(f"{str(path)!r} is no text in UTF-8 ({error.reason} at byte {error.start}); convert it first") from error
    except OSError as error:
        raise ValueRefused(f"cannot read {str(path)!r}: {error.strerror}; expected {EXPECTED}") from error


def _of_python() -> str:
    """The language reference behind ``help()``, which comes with Python: English prose and code, 465 000 characters in 3.11."""
    from pydoc_data.topics import topics

    text = "\n".join(topics.values())
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest != SHA256:
        warn(
            f"the text that comes with Python {platform.python_version()} ({len(text)} characters, SHA-256 {digest[:12]}) is not that of "
            f"Python {REFERENCE} ({SHA256[:12]}), with which this project's numbers were found: yours will differ a little. "
            f"For the same text on every Python, give a file: text='...'",
            UserWarning,
        )
    return text
