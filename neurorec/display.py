"""How values are displayed: in a few rows, as text in a shell, as a table in a notebook."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LINES, WIDTH = 10, 100  # of the text; further rows are counted, longer lines cut
SHORT = 60  # characters of a repr that fits into a sentence
FEW = 6  # values that are listed one by one

Rows = list[tuple[str, str]]


class AbstractDisplayed(ABC):
    """A value displayed as rows of name and value instead of by all its numbers."""

    @abstractmethod
    def _display(self) -> tuple[str, Rows]:
        """A short description, and rows of name and value, the most informative first.

        Texts may come from somebody else's file; control characters are escaped here, by the caller.
        """

    def __repr__(self) -> str:
        what, rows = self._display()
        rows = _first(rows)
        width = max((len(name) for name, _ in rows), default=0)
        lines = [f"{type(self).__name__}: {what}", *(f"  {name:<{width}}  {value}" for name, value in rows)]
        return "\n".join(_cut(escaped(line), WIDTH) for line in lines)

    def _repr_html_(self) -> str:
        what, rows = self._display()
        head = f"<caption style='text-align:left'><b>{type(self).__name__}</b>: {html.escape(escaped(what))}</caption>"
        cells = (
            f"<tr><th style='text-align:left'>{_safe(name)}</th><td style='text-align:left'>{_safe(value)}</td></tr>"
            for name, value in _first(rows)
        )
        return f"<table>{head}<tbody>{''.join(cells)}</tbody></table>"


def escaped(text: str) -> str:
    """The text with control characters escaped, which a terminal would obey."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode() for each in text)


def short_repr(thing: object) -> str:
    """An object in a sentence: its repr if that is short, else its type."""
    text = repr(thing)
    return text if len(text) <= SHORT and text.isprintable() else f"a {type(thing).__name__}"


def some(number: int, thing: str) -> str:
    """1 trial, 2 trials."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def several(texts: Iterable[object], most: int = FEW) -> str:
    """The texts separated by commas; of many, the first ones and the number of all."""
    each = [str(text) for text in texts]
    return ", ".join(each if len(each) <= most else [*each[: most - 1], f"... ({len(each):,} in all)"]) or "none"


def span(values: Any) -> str:
    """From the smallest to the largest number of an array."""
    low, high = (values.min(), values.max()) if getattr(values, "size", 0) else (values, values)
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def shape(array: Any) -> str:
    """Such as 100 x 20."""
    return " x ".join(f"{size:,}" for size in array.shape)


def briefly(value: Any) -> str:
    """A setting in a few words; many numbers by their count and range."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {briefly(each)}" for name, each in value.items()) or "-"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _numbers(value)
    if value is None or value == "":
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else _cut(escaped(str(value)), WIDTH)


def _numbers(values: Sequence[Any]) -> str:
    import numpy as np

    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError):  # texts, or rows of different lengths
        return several(map(briefly, values))
    return " ".join(map(briefly, array.ravel().tolist())) if array.size <= FEW else f"{shape(array)} numbers, {span(array)}"


def _first(rows: Rows) -> Rows:
    room = LINES - 1
    return rows if len(rows) <= room else [*rows[: room - 1], ("...", f"and {len(rows) - room + 1} more")]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _safe(text: str) -> str:
    return html.escape(escaped(text))
