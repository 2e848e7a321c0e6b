"""Laws of single numbers as lists of elementary operations: what an optimiser, a feedback or an error is, read off its own array code.

The function is called once with stand-ins for its arrays, which note what NumPy would do with them. A compiled loop that works through
such a list gives NumPy's bits, and is compiled once for all laws, a user's own among them. What is more than arithmetic on single numbers,
such as a sum over outputs, an exponential or a branch, cannot be noted: then the function has to be called as it stands.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, final

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from neurorec.learning.updates import hyperparameters

# Each of them IEEE 754 rounds in one way only, on every machine. Their places are the codes of compiled loops.
OPERATIONS = (
    "add", "subtract", "multiply", "divide", "negative", "sqrt", "absolute", "square", "greater", "less", "greater_equal", "less_equal",
)  # fmt: skip
COMPARISONS = OPERATIONS[8:]


@final
@dataclass(frozen=True, eq=False)
class Law:
    """What a function does to single numbers.

    Registers are numbered: the arguments first, then what is remembered, then the constants, then what is computed.

    Attributes
    ----------
    code : (n, 4) array of int64
        Place in `OPERATIONS`, where the result goes, and both operands (one of them twice where there is one).
    constants : tuple of callable
        Of the number of the update: a float each.
    dtype : np.dtype
        Of the numbers.
    first, registers : int
        Register of the first constant, and how many registers there are.
    results : (1 + S,) array of int64
        Registers of what the function returns, and of what it then remembers.
    """

    code: np.ndarray
    constants: tuple[Callable[[int], float], ...]
    dtype: np.dtype
    first: int
    registers: int
    results: np.ndarray

    def values(self, counts: range) -> np.ndarray:
        """The constants of some updates, (updates, constants), rounded as NumPy rounds a plain number that meets an array."""
        each = np.array([[constant(count) for constant in self.constants] for count in counts], float)
        return each.reshape(len(counts), len(self.constants)).astype(self.dtype)


def elementwise(function: Callable[[Any, Any], Any], dtype: Any) -> Law | None:
    """The law of a function of two arrays; None where it is none."""
    tape = _Tape(2, np.dtype(dtype))
    try:
        return tape.law([function(*tape.arguments)])
    except _NOT_A_LAW:
        return None


def optimiser_law(optimiser: Any, dtype: Any) -> Law | None:
    """The law of an optimiser's `step`, of weight, change, rate and what it remembers, in this order; None where it is none."""
    tape = _Tape(3 + len(optimiser.slots), np.dtype(dtype))
    weight, change, rate, *remembered = tape.arguments
    slots = _Slots(remembered)
    try:
        return tape.law([optimiser.step(weight, change, slots, rate, _Plain(lambda count: count), hyperparameters(optimiser)), *slots.now])
    except _NOT_A_LAW:
        return None


class _Untraceable(Exception):
    """A function is more than a law of single numbers."""


_NOT_A_LAW = (_Untraceable, TypeError, AttributeError)  # the others: Python's, of what stand-ins cannot do, which arrays may


class _Opaque:
    """What must not be asked for its value, which it does not have yet."""

    def _refuse(self, *anything: Any) -> NoReturn:
        raise _Untraceable

    __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = __contains__ = __array__ = _refuse
    __getitem__ = __setitem__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(name) if name.startswith("__") else _Untraceable


class _Tape:
    """What was noted so far; an operand is ``("number", k)``, an argument or result, or ``("constant", k)``."""

    def __init__(self, arguments: int, dtype: np.dtype):
        self.dtype, self.constants, self.steps = dtype, [], []
        self.arguments = [_Number(self, k) for k in range(arguments)]

    def note(self, operation: str, operands: Sequence[Any]) -> _Number:
        """One operation of numbers and constants."""
        if operation not in OPERATIONS or all(self._is_truth(each) for each in operands):
            raise _Untraceable  # NumPy has laws of its own for two truths
        places = [self._place(each) for each in operands]
        self.steps.append((OPERATIONS.index(operation), places[0], places[-1]))
        return _Number(self, len(self.arguments) + len(self.steps) - 1, operation in COMPARISONS)

    def law(self, results: Sequence[Any]) -> Law:
        first, computed = len(self.arguments), len(self.arguments) + len(self.constants)
        number = lambda place: first + place[1] if place[0] == "constant" else place[1] + (len(self.constants) if place[1] >= first else 0)  # noqa: E731
        code = [(code, computed + k, number(a), number(b)) for k, (code, a, b) in enumerate(self.steps)]
        if any(self._is_truth(each) or not isinstance(each, _Number) for each in results):
            raise _Untraceable
        registers = [number(self._place(each)) for each in results]
        return Law(
            np.array(code, np.int64).reshape(-1, 4),
            tuple(self.constants),
            self.dtype,
            first,
            computed + len(code),
            np.array(registers, np.int64),
        )

    def _is_truth(self, operand: Any) -> bool:
        return isinstance(operand, _Number) and operand.truth

    def _place(self, operand: Any) -> tuple[str, int]:
        if isinstance(operand, _Number):
            return "number", operand.place
        self.constants.append(self._constant(operand))
        return "constant", len(self.constants) - 1

    def _constant(self, operand: Any) -> Callable[[int], float]:
        """Plain numbers take the array's float type, and so do NumPy's that are not wider."""
        if isinstance(operand, _Plain):
            return operand.of
        narrow = isinstance(operand, np.floating) and np.result_type(operand, self.dtype) == self.dtype
        if not narrow and (isinstance(operand, np.generic | bool) or not isinstance(operand, int | float)):
            raise _Untraceable
        return lambda count, value=float(operand): value


class _Number(_Opaque, NDArrayOperatorsMixin):
    """Stands for an array; `truth` where it holds the answers of a comparison."""

    def __init__(self, tape: _Tape, place: int, truth: bool = False):
        self.tape, self.place, self.truth = tape, place, truth

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **settings: Any) -> _Number:
        if method != "__call__" or settings:
            raise _Untraceable
        return self.tape.note(ufunc.__name__, operands)

    def __array_function__(self, *call: Any) -> NoReturn:
        raise _Untraceable

    def __pow__(self, exponent: Any) -> _Number:
        """NumPy squares where a power is the second; other powers are the mathematics library's, which no standard rounds."""
        if type(exponent) not in (int, float) or exponent != 2:
            raise _Untraceable
        return self.tape.note("square", [self])

    def __eq__(self, other: object) -> NoReturn:
        raise _Untraceable

    def __ne__(self, other: object) -> NoReturn:
        raise _Untraceable

    __hash__ = None  # type: ignore[assignment]


class _Slots(_Opaque):
    """Stands for what is remembered, which is read and replaced by number."""

    def __init__(self, numbers: Sequence[_Number]):
        self.now = list(numbers)

    def __getitem__(self, slot: Any) -> _Number:
        return self.now[self._number(slot)]

    def __setitem__(self, slot: Any, value: Any) -> None:
        self.now[self._number(slot)] = value

    def _number(self, slot: Any) -> int:
        if type(slot) is not int or not 0 <= slot < len(self.now):
            raise _Untraceable
        return slot


class _Plain(_Opaque):
    """Stands for a number that only the count of updates fixes, such as 1 - beta**count."""

    def __init__(self, of: Callable[[int], float]):
        self.of = of

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _Opaque._refuse
    __hash__ = None  # type: ignore[assignment]


def _noted(operation: Callable[[Any, Any], Any]) -> tuple[Callable, Callable]:
    """An operation of plain numbers put off until the count is known, with the stand-in on its left, and on its right."""

    def left(self: _Plain, other: Any) -> Any:
        return NotImplemented if isinstance(other, _Number) else _Plain(lambda count: operation(self.of(count), _at(other, count)))

    def right(self: _Plain, other: Any) -> Any:
        return NotImplemented if isinstance(other, _Number) else _Plain(lambda count: operation(_at(other, count), self.of(count)))

    return left, right


def _at(operand: Any, count: int) -> Any:
    return operand.of(count) if isinstance(operand, _Plain) else operand


for _name in ("add", "sub", "mul", "truediv", "pow"):
    for _place, _method in zip((f"__{_name}__", f"__r{_name}__"), _noted(getattr(operator, _name)), strict=True):
        setattr(_Plain, _place, _method)
