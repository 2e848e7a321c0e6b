"""Which column of a recording is time, and the sampling interval that follows from it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.tasks._reading.table import FACTORS, Table, name_and_unit

TIMES = ("time", "times", "t", "timestamp", "timestamps")
COUNTS = (
    "", "#", "n", "no", "nr", "row", "index", "sample", "samples", "sample index", "sample number", "frame", "frames", "frame number",
)  # fmt: skip
EVEN = 0.01  # of a step: as far as a time may be from its place for the samples to count as evenly spaced
FEW = 10  # samples; that fewer go up in equal steps may be chance
GAP = 5.0  # median steps; over a longer one nothing is interpolated
CONTRADICTION = 0.01  # relative difference between the step of the times and `sampling` that is more than rounding


class Clock(NamedTuple):
    """Which column is time, and what it says."""

    column: int | None  # not a channel
    sampling: float | None  # seconds from one sample to the next
    times: np.ndarray | None  # (S,), seconds from the first sample, where they are uneven
    note: str  # for the user


def clock_of(table: Table, time: str | int | bool | None, sampling: float | None) -> Clock:
    """Find the column of times, and read it.

    Parameters
    ----------
    table : Table
    time : str, int, False or None
        A header or number; False: there is none; None: a column with such a header, else the first one if it rises in equal steps.
    sampling : float, optional
        Seconds from one sample to the next, if the user said so.

    Raises
    ------
    ValueRefused, UnknownName
        If it is unclear which column it is or in which unit, if times do not go up, or contradict `sampling`.
    """
    column = _column(table, time)
    if column is None:
        return Clock(None, sampling, None, "no column is time")
    if _counts_samples(table, column):
        return Clock(column, sampling, None, f"{table.name(column)} counts the samples")
    name, times = table.name(column), table.numbers([column], "time must be numbers such as seconds, or pass time=False")[:, 0]
    _expect_increasing(name, times)
    step = float(times[-1] - times[0]) / (len(times) - 1)
    factor = _factor(table, column, step, sampling)
    _expect_consistent(name, step * factor, sampling)
    if _is_even(times, step):
        return Clock(column, step * factor, None, f"time is {name}")
    return Clock(column, step * factor, (times - times[0]) * factor, f"time is {name}, whose steps are uneven: resampled")


def _column(table: Table, time: str | int | bool | None) -> int | None:
    if time is False:
        return None
    if time is not None:
        return table.find("column of times", _expect_column(time))
    candidates = [k for k, header in enumerate(table.headers) if _is_time(header)]
    if len(candidates) > 1:
        both = " and ".join(table.name(k) for k in candidates)
        raise ValueRefused(f"{both} of the recording both look like time; choose with time=, the other is a channel")
    return candidates[0] if candidates else 0 if _counts_samples(table, 0) or _is_ramp(table) else None


def _counts_samples(table: Table, column: int) -> bool:
    """Whether the first column numbers the samples one by one, and its header says so; a counter may restart."""
    steps = np.diff(table.values[:, column])
    named = bool(table.headers) and column == 0 and table.headers[column].lower() in COUNTS
    return named and bool(((steps == 1) | (steps < 0)).all()) and bool((steps == 1).any())


def _expect_column(time: Any) -> str | int:
    if isinstance(time, bool) or not isinstance(time, str | int):
        raise ValueRefused(f"time must be the header or the number of a column, False if there is none, or None to find it; got {time!r}")
    return time


def _is_time(header: str) -> bool:
    name, unit = name_and_unit(header)
    stem, ending = _suffixed(name)
    other = name.lower() == "t" and unit.lower() not in ("", *FACTORS)  # T (°C)
    return (name.lower() in TIMES and not other) or (stem.lower() in TIMES and ending != "") or _is_unit(header)


def _is_unit(header: str) -> bool:
    """Whether a header is nothing but a unit, such as ``ms``; ``min`` may be a minimum."""
    return header.strip().lower() in FACTORS and not header.strip().lower().startswith("min")


def _suffixed(name: str) -> tuple[str, str]:
    """Name and unit of a header such as ``time_ms`` or ``t/s``."""
    found = re.fullmatch(r"(.+?)[\s_/.,-]+(\w+)", name)
    return (found[1], found[2].lower()) if found and found[2].lower() in FACTORS else (name, "")


def _is_ramp(table: Table) -> bool:
    """Whether the first of several columns rises in equal steps, as no recording does."""
    first = table.values[:, 0]
    if table.values.shape[1] < 2 or len(first) < FEW or not np.isfinite(first).all() or not (np.diff(first) > 0).all():
        return False
    return _is_even(first, float(first[-1] - first[0]) / (len(first) - 1))


def _is_even(times: np.ndarray, step: float) -> bool:
    """To within a hundredth of a step, or to the digits that the times are given to: 0, 4, 8, 12, 16, 20, 23 ms at 256 Hz."""
    off, digit = float(np.abs(times - (times[0] + step * np.arange(len(times)))).max()), _digit(times)
    return off <= EVEN * step or (off <= digit and step > 3 * digit)


def _digit(times: np.ndarray) -> float:
    """The last decimal place of numbers that are given to at most six."""
    for places in range(7):
        if np.allclose(times, np.round(times, places), rtol=0, atol=1e-9):
            return 10.0**-places
    return 0.0


def _expect_increasing(name: str, times: np.ndarray) -> None:
    if len(times) < 2:
        raise ValueRefused(f"{name} of the recording holds {len(times)} time; a recording has at least two samples")
    if len(wrong := np.flatnonzero(np.diff(times) <= 0)):
        before, after = times[wrong[0] : wrong[0] + 2]
        raise ValueRefused(
            f"time must go up, {name} of the recording has {after:g} in row {wrong[0] + 2} after {before:g}; sort the rows, or pass time=False if it is a channel"
        )
    steps = np.diff(times)
    if steps.max() > GAP * np.median(steps):
        row = int(steps.argmax())
        raise ValueRefused(
            f"{name} of the recording has a gap, from {times[row]:g} in row {row + 1} to {times[row + 1]:g}; give the part before or after it"
        )


def _factor(table: Table, column: int, step: float, sampling: float | None) -> float:
    """Seconds in the unit of the times."""
    name, unit = name_and_unit(table.headers[column]) if table.headers else ("", "")
    unit = (unit or _suffixed(name)[1] or (name if _is_unit(name) else "")).lower()
    if unit in FACTORS:
        return FACTORS[unit]
    if sampling is not None and (step == 1 or any(abs(sampling / step - each) < CONTRADICTION * each for each in FACTORS.values())):
        return sampling / step  # the unit follows, or the column counts samples
    if unit or step >= 1:
        raise ValueRefused(
            f"{table.name(column)} of the recording goes up in steps of {step:g}, of which unit is not clear; call it 'time (ms)' or "
            "'time (s)', or pass sampling= in seconds, or time=False if it is a channel"
        )
    return 1.0


def _expect_consistent(name: str, step: float, sampling: float | None) -> None:
    if sampling is not None and abs(step - sampling) > CONTRADICTION * sampling:
        raise ValueRefused(
            f"sampling = {sampling:g} s, but by {name} of the recording it is {step:g} s; leave sampling out, or pass time=False if that is a channel"
        )
