"""A table of numbers with headers, as a file has it: which column is time and which are channels is decided later."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from neurorec.errors import ShapeError, UnknownName, ValueRefused

FACTORS = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 1e-3, "msec": 1e-3, "msecs": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3,
    "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "usec": 1e-6, "microsecond": 1e-6, "microseconds": 1e-6,
    "min": 60.0, "minute": 60.0, "minutes": 60.0,
}  # fmt: skip
"""Seconds in a unit of time, by what a header calls it (the sign of micro exists twice)."""


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of numbers, (samples, columns).

    Attributes
    ----------
    values : (S, C) array
        NaN where there is no number.
    headers : tuple of str
        Of the columns; empty where there are none.
    text_cells : mapping of int to (int, str)
        Of a column with text in it: the first row with text, and the text.
    """

    values: np.ndarray
    headers: tuple[str, ...] = ()
    text_cells: Mapping[int, tuple[int, str]] = field(default_factory=dict)

    def name(self, column: int) -> str:
        """Of a column, in messages."""
        return f"column {self.headers[column]!r}" if self.headers and self.headers[column] else f"column {column}"

    def find(self, kind: str, column: str | int) -> int:
        """The column of that header, with or without its unit, or of that number, counted from 0."""
        count = self.values.shape[1]
        if isinstance(column, int):
            if not -count <= column < count:
                raise ValueRefused(f"{kind} {column} is none of the recording's {count} columns, 0 to {count - 1}")
            return column % count
        for names in (self.headers, [name_and_unit(header)[0] for header in self.headers]):
            if column in names:
                return list(names).index(column)
        raise UnknownName.among(kind, column, self.headers or [str(number) for number in range(count)])

    def numbers(self, columns: Sequence[int], way_out: str) -> np.ndarray:
        """Some of the columns, (S, C'), all of them finite; or refused, by column and row (from 1, without headers)."""
        for column in columns:
            if column in self.text_cells:
                row, text = self.text_cells[column]
                raise ValueRefused(f"{self.name(column)} of the recording holds {text!r} in row {row + 1}, expected numbers; {way_out}")
        values = self.values[:, list(columns)]
        if not (finite := np.isfinite(values)).all():
            row, which = (int(i) for i in np.argwhere(~finite)[0])
            what = "no number" if np.isnan(values[row, which]) else str(values[row, which])
            raise ValueRefused(f"{self.name(columns[which])} of the recording holds {what} in row {row + 1}; {way_out}")
        return values

    def renamed(self, names: Sequence[str | int], beside: int | None = None) -> Table:
        """With these headers: of all the columns, or of those beside the column of times."""
        count, headers = self.values.shape[1], list(map(str, names))
        if beside is not None:
            headers.insert(beside, "time")
        if len(headers) != count or len(set(headers)) < count:
            raise ShapeError(f"columns must name each of the recording's {count} columns, differently, got {tuple(names)!r}")
        return Table(self.values, tuple(headers), self.text_cells)


def name_and_unit(header: str) -> tuple[str, str]:
    """Name and unit of a header such as ``EMG (mV)`` or ``time [ms]``; the unit is empty where there is none."""
    match = re.fullmatch(r"(.*?)\s*[\[(]\s*([^\[\]()]*?)\s*[\])]", header.strip())
    return (match[1], match[2]) if match and match[1] else (header.strip(), "")
