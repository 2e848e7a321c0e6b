"""Tables in text files, as programs that record and spreadsheets write them."""

from __future__ import annotations

import csv
import re
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.tasks._reading.clock import COUNTS, TIMES
from neurorec.tasks._reading.table import Table, name_and_unit

SAMPLED = 100  # lines from which the layout of the whole is inferred
COMMENT = ("#", "%")  # how a line begins that is not part of the table
DELIMITERS = ("\t", ";", ",")  # in this order: the decimal sign may be a comma in the first two
MISSING = ("", "na", "n/a", "nan", "null", "none", "-nan")


class Layout(NamedTuple):
    """How the text is laid out."""

    delimiter: str | None  # None: spaces
    decimal: str
    skipped: int  # lines before the first number
    headers: tuple[str, ...]


def text_table(path: Path) -> Table:
    """Read a table of comma, semicolon, tab or space separated text.

    A header is one line without a number, or two, the second of which holds the units; it may be a comment (``#``).

    Raises
    ------
    ValueRefused, ValueError
        If there are no numbers in it, or its lines have different lengths.
    """
    import pandas

    encoding = _encoding(path)
    layout = _layout(path, encoding)
    frame = pandas.read_csv(
        path, sep=layout.delimiter or r"\s+", decimal=layout.decimal, header=None, skiprows=layout.skipped, encoding=encoding,
        skipinitialspace=True, low_memory=False,
    )  # fmt: skip
    columns = [frame[k] for k in frame]
    if len(columns) == len(layout.headers) + 1 or (layout.headers and layout.headers[-1] == ""):
        columns = columns[:-1] if columns[-1].isna().all() else columns  # lines that end in a delimiter
    headers = layout.headers[: len(columns)] if "".join(layout.headers[len(columns) :]) == "" else layout.headers
    if headers and len(headers) != len(columns):
        raise ValueRefused(
            f"the first line of {path.name!r} has {len(headers)} fields, the rows have {len(columns)}; write one name above each, and nothing before them"
        )
    text_cells = {k: cell for k, column in enumerate(columns) if (cell := _text_in(column))}
    return Table(np.stack([_numbers(column) for column in columns], axis=1), headers, text_cells)


def _numbers(column) -> np.ndarray:  # noqa: ANN001 - a pandas Series
    import pandas

    return pandas.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)


def _text_in(column) -> tuple[int, str] | None:  # noqa: ANN001 - a pandas Series
    """The first row of a column that holds neither a number nor nothing."""
    wrong = np.flatnonzero(np.isnan(_numbers(column)) & ~column.isna().to_numpy())
    return (int(wrong[0]), str(column.iloc[wrong[0]])) if len(wrong) else None


def _encoding(path: Path) -> str:
    """UTF-8, as nearly all is; else what Windows writes."""
    with path.open("rb") as file:
        start = file.read(2**20)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "utf-8-sig" if _decodes(start) else "cp1252"


def _decodes(start: bytes) -> bool:
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(start) - 4  # a character cut in two
    return True


def _layout(path: Path, encoding: str) -> Layout:
    with path.open(encoding=encoding) as file:
        lines = [line.rstrip("\r\n") for line in islice(file, SAMPLED)]
    first = next((k for k, line in enumerate(lines) if line.strip() and not line.startswith(COMMENT)), None)
    if first is None:
        raise ValueRefused(f"cannot read {path.name!r}, there are no numbers in it; expected a row for each sample")
    delimiter = _delimiter([line for line in lines[first:] if line.strip()])
    rows = [_fields(line, delimiter) for line in lines]
    n_headers = _header_lines(rows[first:], delimiter)
    decimal = "," if delimiter != "," and _has_decimal_commas(rows[first + n_headers :]) else "."
    if not any(_is_number(field) for row in rows[first + n_headers :] for field in row):
        raise ValueRefused(f"cannot read {path.name!r}, there are no numbers in it; expected a row for each sample below the names")
    headers = rows[first : first + n_headers] or _in_comment(lines[:first], delimiter, len(rows[first]))
    return Layout(delimiter, decimal, first + n_headers, _joined(headers))


def _delimiter(lines: list[str]) -> str | None:
    """The first that cuts every line into equally many fields; else the first that occurs; else spaces (None)."""
    for delimiter in DELIMITERS:
        counts = {len(_fields(line, delimiter)) for line in lines}
        if len(counts) == 1 and counts != {1}:
            return delimiter
    return next((each for each in DELIMITERS if each in lines[-1]), None)


def _fields(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.split()
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])]


def _header_lines(rows: list[list[str]], delimiter: str | None) -> int:
    """Number of header lines."""
    if _is_header(rows[0]) or _counts(rows):
        words = 1
        while words < len(rows) and _is_header(rows[words]):
            words += 1
        if words > 2:
            raise ValueRefused(f"the recording begins with {words} lines of words; leave the one with the names, and one with the units")
        return words
    return 0


def _is_header(row: list[str]) -> bool:
    """No number in it; or numbers as names of channels, after a column of times or of sample numbers."""
    words = [field for field in row if not _is_number(field) and field.lower() not in MISSING]
    first = name_and_unit(row[0])[0].lower() if row else ""
    numbered = len(row) > 2 and (first in TIMES or first in COUNTS) and all(field.isdigit() for field in row[1:])
    return (bool(words) and not any(map(_is_number, row))) or numbered


def _counts(rows: list[list[str]]) -> bool:
    """Whether the first line numbers the columns, 0, 1, 2 ..., over numbers that are written otherwise."""
    first, second = rows[0], rows[1] if len(rows) > 1 else []
    return len(first) > 1 and first == [str(k) for k in range(len(first))] and any("." in field or "," in field for field in second)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", text.strip(), re.IGNORECASE) is not None


def _has_decimal_commas(rows: list[list[str]]) -> bool:
    return any("," in field and _is_number(field) for row in rows for field in row)


def _in_comment(lines: list[str], delimiter: str | None, width: int) -> list[list[str]]:
    """The names in the last comment before the numbers, if they are as many as columns, as numpy.savetxt writes them."""
    last = next((line for line in reversed(lines) if line.strip()), "")
    fields = _fields(last.lstrip("".join(COMMENT)).strip(), delimiter)
    return [fields] if len(fields) == width and _is_header(fields) else []


def _joined(rows: list[list[str]]) -> tuple[str, ...]:
    """Names, each with the unit in the line below, and each once."""
    if len(rows) == 2:
        units = [unit.strip("()[] ") for unit in rows[1]] + [""] * len(rows[0])
        rows = [[f"{name} ({unit})" if unit else name for name, unit in zip(rows[0], units, strict=False)]]
    return tuple(_unique(rows[0])) if rows else ()


def _unique(headers: list[str]) -> list[str]:
    """A repeated name gets a number."""
    unique: list[str] = []
    for k, header in enumerate(headers):
        name, unit = name_and_unit(header)
        before = sum(name_and_unit(each)[0] == name for each in headers[:k])
        unique.append(header if not before or not name else f"{name}.{before}" + (f" ({unit})" if unit else ""))
    return unique
