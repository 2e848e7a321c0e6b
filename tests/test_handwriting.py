"""Letters of a pen: what they are made of, how they join, and what is said of a wrong word."""

from __future__ import annotations

import sys

import matplotlib
import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import NotOffered, ShapeError, UnknownName, ValueRefused
from neurorec.tasks._reading import strokes as font_strokes

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402 - after the choice of what draws

HersheyFonts = pytest.importorskip(
    "HersheyFonts", reason="the letters are Hershey-Fonts': pip install 'neurorec[handwriting]'"
).HersheyFonts


def strokes_of(font: str, letter: str) -> list[np.ndarray]:
    """As the package has them: from the letter's left edge and the base line, in heights of a capital, y up."""
    fonts = HersheyFonts()
    fonts.load_default_font(font)
    glyph = fonts.all_glyphs[letter]
    return [(np.array(stroke) - (glyph.left_offset, 9)) * (1, -1) / 21 for stroke in glyph.strokes]


def along(line: np.ndarray) -> np.ndarray:
    """Points on a line of straight pieces, close to one another."""
    return np.concatenate([np.linspace(a, b, 50) for a, b in zip(line[:-1], line[1:], strict=True)])


def farthest(points: np.ndarray, others: np.ndarray) -> float:
    """Largest distance of a point from the nearest of the others."""
    return float(np.hypot(*(points[:, None] - others).transpose(2, 0, 1)).min(axis=1).max())


@pytest.mark.parametrize(("font", "letters", "joint"), [("cursive", "aeflnot", 5 / 21), ("futural", "aiktz", 0.0)])
def test_the_ink_of_the_targets_is_the_letter_of_the_font(font, letters, joint):
    """No point of a stroke lacks ink, no ink is farther from the strokes than the gap that a hand writes over."""
    task = nr.task("handwriting", letters=letters, font=font, dt=0.001, smooth=0.002)
    for letter, targets in zip(letters, task.targets, strict=True):
        strokes = np.concatenate([along(stroke) for stroke in strokes_of(font, letter)])
        ink = np.concatenate(task.ink(targets, start=(0, joint)))
        assert farthest(strokes, ink) < 0.02, letter
        assert farthest(ink, strokes) < font_strokes.RETRACED / 2 + 0.02, letter


def test_a_pen_is_lifted_where_the_font_has_a_gap():
    """The dot of an i is a line of its own; an l is one line."""
    task = nr.task("handwriting", letters="il", font="cursive", smooth=0.02)
    assert [len(task.ink(targets)) for targets in task.targets] == [2, 1]


@pytest.mark.parametrize("font", ["cursive", "futural"])
def test_letters_join_whatever_their_order(font):
    """Each ends a box's width to the right of its start, at the same height and at rest: its velocity adds up to that."""
    task = nr.task("handwriting", letters="nrx", font=font)
    ends = task.position(task.word("xnrn").targets[:, 0])[:: task.letter_steps + task.hold_steps]
    fonts = HersheyFonts()
    fonts.load_default_font(font)
    widths = [fonts.all_glyphs[letter].char_width / 21 for letter in "xnrn"]
    np.testing.assert_allclose(ends, np.column_stack([np.cumsum([0, *widths]), np.zeros(5)]), atol=1e-9)
    np.testing.assert_allclose(task.targets[:, [0, task.letter_steps - 1], :2], 0, atol=0.01)


def test_a_hold_is_silent_and_still():
    """Inputs are on, one at a time, while a letter is written; nothing is asked in the hold after it."""
    task = nr.task("handwriting", letters="en", duration=1.0, hold=0.25)
    word = task.word("nen")
    inputs, targets = (array[:, 0].reshape(3, 125, -1) for array in (word.inputs, word.targets))
    np.testing.assert_array_equal(inputs[:, :100], np.eye(2)[[1, 0, 1]][:, None] * np.ones((1, 100, 1)))
    assert not inputs[:, 100:].any()
    assert not targets[:, 100:].any()
    assert nr.task("handwriting", letters="en", hold=0.0).hold_steps == 0


def test_a_word_is_its_letters_in_a_row():
    """And what was written of it is taken apart again."""
    task = nr.task("handwriting", letters="en")
    word, letters = task.word("nen"), task.letters_of("nen")
    np.testing.assert_array_equal(task.apart(word.targets), letters.targets)
    assert letters.conditions["letter"].tolist() == [1, 0, 1]
    assert word.conditions["word"].tolist() == ["nen"]
    with pytest.raises(ShapeError, match="a letter with its hold takes 250 steps"):
        task.apart(word.targets[:-1])


def test_the_shape_error_is_the_distance_of_a_shifted_letter():
    """A pen that has moved 0.3 letter heights up before it touches the paper is 0.3 off, everywhere; the contact is not part of it."""
    task = nr.task("handwriting", letters="l", smooth=0.1)
    letter = task.letters_of("l")
    shifted = letter.targets.copy()
    shifted[0, :, 1] += 0.3 / task.dt
    assert letter.targets[0, 0, 2] < 0.5
    assert task.shape_error(shifted, letter) == pytest.approx([0.3])
    assert task.score(shifted, letter) == pytest.approx([1 - 0.3 / task.shape_error(0 * shifted, letter)[0]])
    shifted[..., 2] = 0
    assert task.score(shifted, letter)[0] < 0.3


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"letters": "hello"}, ValueRefused, "each letter once"),
        ({"letters": ""}, ValueRefused, "at least one"),
        ({"letters": "né"}, ValueRefused, "font 'cursive' has no letter 'é'; it has .*abc"),
        ({"font": "cursiv"}, UnknownName, "did you mean 'cursive'"),
        ({"duration": 0.3}, ValueRefused, "no time to write"),
    ],
)
def test_letters_that_cannot_be_written_are_refused(settings, error, said):
    with pytest.raises(error, match=said):
        nr.task("handwriting", **settings)


@pytest.mark.parametrize(
    ("text", "error", "said"), [("", ValueRefused, "at least one letter"), ("none", UnknownName, "no letter named 'o'; there are e, n")]
)
def test_a_word_that_cannot_be_written_is_refused(text, error, said):
    with pytest.raises(error, match=said):
        nr.task("handwriting", letters="en").word(text)


def test_without_the_fonts_the_way_to_them_is_said(monkeypatch):
    """The package is asked for when a letter is, not before."""
    monkeypatch.setitem(sys.modules, "HersheyFonts", None)
    for cached in (font_strokes.letter_path, font_strokes._font, font_strokes._joint):
        cached.cache_clear()
    with pytest.raises(NotOffered, match=r"pip install 'neurorec\[handwriting\]'"):
        nr.task("handwriting")


def test_ink_is_drawn_to_scale_over_what_was_asked():
    """Each line of the task's ink is there, in letter heights, asked ones first."""
    task = nr.task("handwriting", letters="il")
    asked = task.word("li").targets[:, 0]
    ax = nr.plots.ink(task, asked * (1, 0.5, 1), asked, start=(1.0, 2.0))
    assert ax.get_aspect() == 1
    lines = task.ink(asked, (1.0, 2.0)) + task.ink(asked * (1, 0.5, 1), (1.0, 2.0))
    assert len(ax.lines) == len(lines) == 6
    for drawn, line in zip(ax.lines, lines, strict=True):
        np.testing.assert_array_equal(drawn.get_xydata(), line)
    plt.close("all")
    with pytest.raises(ValueRefused, match="ink needs nr.task"):
        nr.plots.ink(nr.task("periodic_output"), asked)
    with pytest.raises(ShapeError, match=r"outputs\[:, 0\]"):
        nr.plots.ink(task, task.word("li").targets)
