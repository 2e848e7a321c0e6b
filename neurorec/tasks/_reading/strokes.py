"""Letters as a pen writes them: the strokes of Hershey's fonts, in order, joined by the moves of the lifted pen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from neurorec.errors import NotOffered, UnknownName, ValueRefused

REACH = 3  # standard deviations to which the smoothing goes
TOUCHING = 1e-6  # letter heights: the same point
RETRACED = 0.16  # letter heights: over a shorter gap between two strokes of a letter a hand goes with the pen down


class Path(NamedTuple):
    """Where the pen goes in one letter, from the end of the letter before to the start of the next."""

    points: np.ndarray  # (P, 2), letter heights from the start, y up
    down: np.ndarray  # (P - 1,), whether the pen touches the paper from one point to the next


@lru_cache(maxsize=64)
def letter_path(font: str, character: str) -> Path:
    """The path of the pen for one character.

    A letter starts at the left edge of its box and ends at the right one, both at the height at which most of the font's
    small letters end: on the base line in print, where letters join in script. Its strokes are written as the font
    digitises them, the next one being that which starts nearest to the pen.

    Raises
    ------
    NotOffered, UnknownName, ValueRefused
        If the fonts are not installed, there is no such font, or it lacks the character.
    """
    glyphs, base, height = _font(font)
    if character not in glyphs:
        raise ValueRefused(f"font {font!r} has no letter {character!r}; it has {''.join(sorted(glyphs))}")
    glyph = glyphs[character]
    origin = np.array([glyph.left_offset, base - _joint(font) * height])
    strokes = [(np.array(stroke, float) - origin) * (1, -1) / height for stroke in glyph.strokes]
    return _joined(strokes, glyph.char_width / height)


def movement(path: Path, steps: int, dt: float, smooth: float) -> np.ndarray:
    """Velocity (letter heights per second) and contact of a pen that follows a path once, (steps, 3).

    At rest for three `smooth` at either end, in between at constant speed; then position and contact are smoothed in time by
    a Gaussian, so that the pen neither starts nor turns at once. The pen comes down halfway through the first rest and leaves
    the paper halfway through the last, where it stands still.
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path.points, axis=0).T))])
    time, rest = np.arange(steps + 1) * dt, REACH * smooth
    middle = time[1:] - dt / 2
    position = np.stack([np.interp(_fraction_done(time, time[-1], rest) * along[-1], along, axis) for axis in path.points.T], axis=1)
    segment = np.searchsorted(along, _fraction_done(middle, time[-1], rest) * along[-1], side="right") - 1
    contact = path.down[np.clip(segment, 0, len(path.down) - 1)] & (np.abs(middle - time[-1] / 2) < (time[-1] - rest) / 2)
    velocity = np.diff(_smoothed(position, smooth / dt, "nearest"), axis=0) / dt
    return np.column_stack([velocity, _smoothed(contact.astype(float), smooth / dt, "constant")])


def _fraction_done(time: np.ndarray, end: float, rest: float) -> np.ndarray:
    """Of the path, by a time."""
    return np.clip((time - rest) / (end - 2 * rest), 0, 1)


def _smoothed(values: np.ndarray, steps: float, beyond: str) -> np.ndarray:
    return gaussian_filter1d(values, steps, axis=0, mode=beyond, truncate=REACH)


def _joined(strokes: list[np.ndarray], width: float) -> Path:
    """From the origin through all strokes to (width, 0)."""
    points, down, waiting = [np.zeros((1, 2))], [], list(strokes)
    while waiting:
        gaps = [_distance(points[-1][-1], stroke[0]) for stroke in waiting]
        nearest = int(np.argmin(gaps))
        down.append(gaps[nearest] < (RETRACED if down else TOUCHING))
        points.append(waiting.pop(nearest))
        down += [True] * (len(points[-1]) - 1)
    points.append(np.array([[width, 0.0]]))
    down.append(_distance(points[-2][-1], points[-1][0]) < TOUCHING)
    return Path(np.concatenate(points), np.array(down))


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.hypot(*(b - a)))


@lru_cache(maxsize=64)
def _joint(font: str) -> float:
    """Height above the base line at which letters join, in letter heights."""
    glyphs, base, height = _font(font)
    ends = [glyphs[c].strokes[-1][-1][1] for c in "abcdefghijklmnopqrstuvwxyz" if c in glyphs and glyphs[c].strokes]
    heights, letters = np.unique(ends or [base], return_counts=True)
    return float(base - heights[letters.argmax()]) / height


@lru_cache(maxsize=64)
def _font(name: str) -> tuple[Mapping[str, Any], float, float]:
    """Glyphs by character, the base line, and the height of a capital letter above it; y down, in the font's units."""
    fonts = _library()()
    if name not in fonts.default_font_names:
        raise UnknownName.among("font", name, fonts.default_font_names)
    fonts.load_default_font(name)
    lines = fonts.render_options
    return fonts.all_glyphs, float(lines["base_line"]), float(lines["base_line"] - lines["cap_line"])


def _library() -> Any:
    """The class of Hershey-Fonts (MIT licence), which holds the fonts as text."""
    try:
        from HersheyFonts import HersheyFonts
    except ModuleNotFoundError as error:
        raise NotOffered("task 'handwriting' needs the fonts of Hershey-Fonts: pip install 'neurorec[handwriting]'") from error
    return HersheyFonts
