"""Expressions to Python source: the same function for NumPy (whole arrays) and for Numba (a loop over units)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy
from sympy.core.function import Application
from sympy.printing.pycode import PythonCodePrinter

from neurorec.discovery import names
from neurorec.errors import NotOffered
from neurorec.formula.words.base import AbstractWord

SYMPYS = (sympy.tanh, sympy.exp, sympy.log, sympy.sin, sympy.cos)  # and square roots, which are powers


class TypedPrinter(PythonCodePrinter):
    """Literals carry the engine's type: Numba would widen float32 arithmetic to float64 otherwise."""

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return f"real({expr.p})"

    def _print_Float(self, expr: sympy.Float) -> str:
        return f"real({float(expr)!r})"

    def _print_Rational(self, expr: sympy.Rational) -> str:
        return f"real({float(expr)!r})"

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        base, power = expr.base, expr.exp
        if power.is_Rational and (2 * power).is_Integer and abs(power) <= 4:
            product = self._product(base, abs(power))
            return product if power > 0 else f"real(1)/{product}"
        return f"{self.parenthesize(base, 1000)}**{self.parenthesize(power, 1000)}"

    def _product(self, base: sympy.Expr, power: sympy.Rational) -> str:
        """A small power by multiplications and a square root: ``pow`` is a slow call, and float64 in Numba."""
        whole, half = divmod(int(2 * power), 2)
        factors = [self.parenthesize(base, 1000)] * whole + [f"sqrt({self._print(base)})"] * half
        return factors[0] if len(factors) == 1 else f"({'*'.join(factors)})"

    def _print_Function(self, expr: sympy.Function) -> str:
        return f"{type(expr).__name__}({', '.join(map(self._print, expr.args))})"

    _print_tanh = _print_exp = _print_log = _print_sin = _print_cos = _print_Function


def expect_known(expressions: Sequence[sympy.Expr]) -> None:
    """Refuse a function that the engines do not define.

    Raises
    ------
    NotOffered
        With the functions there are.
    """
    for function in _functions(expressions):
        if not issubclass(function, (*SYMPYS, AbstractWord)):
            known = ", ".join([*(each.__name__ for each in SYMPYS), *names("words")])
            raise NotOffered(
                f"a formula uses {function.__name__}(), which no engine can print; use {known} and arithmetic, or write a neurorec.AbstractWord"
            )


def words(expressions: Sequence[sympy.Expr]) -> list[type[AbstractWord]]:
    """The words that are used, each once, by name."""
    return sorted((each for each in _functions(expressions) if issubclass(each, AbstractWord)), key=lambda word: word.__name__)


def _functions(expressions: Sequence[sympy.Expr]) -> set[type]:
    return {type(each) for expression in expressions for each in sympy.sympify(expression).atoms(Application)}


@dataclass(frozen=True)
class Array:
    """An argument of a printed function: rows that hold one named quantity each."""

    name: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Elementwise:
    """One printed function: named rows in, expressions out, the same for every unit of every trial.

    Attributes
    ----------
    name : str
        Of the function.
    inputs : tuple of Array
        Arrays ``(rows, trial, unit)`` that are read.
    constants : tuple of str
        Rows of the last input ``constants (rows, unit)``.
    outputs : tuple of (str, sequence of sympy.Expr)
        Arrays that are written, one expression a row.
    """

    name: str
    inputs: tuple[Array, ...]
    constants: tuple[str, ...]
    outputs: tuple[tuple[str, Sequence[sympy.Expr]], ...]

    @property
    def expressions(self) -> list[sympy.Expr]:
        """All that it computes."""
        return [each for _, rows in self.outputs for each in rows]

    def source(self, place: str, constant_place: str, loop: Sequence[str], span: Sequence[str] = ()) -> str:
        """Python source; `place` indexes a row, `loop` holds the header lines of the loop over units, `span` the arguments that bound it."""
        indent = "    " * (sum(line.endswith(":") for line in loop) + 1)
        body = [*self._loads(place, constant_place), *self._stores(place)]
        arguments = ", ".join([*(a.name for a in self.inputs), "constants", *(name for name, _ in self.outputs), *span])
        return "\n".join([f"def {self.name}({arguments}):", *loop, *(indent + line for line in body or ["pass"])])

    def _loads(self, place: str, constant_place: str) -> list[str]:
        used = {symbol.name for each in self.expressions for symbol in sympy.sympify(each).free_symbols}
        lines = [f"{row} = {a.name}[{i}{place}]" for a in self.inputs for i, row in enumerate(a.rows) if row in used]
        return lines + [f"{row} = constants[{i}{constant_place}]" for i, row in enumerate(self.constants) if row in used]

    def _stores(self, place: str) -> list[str]:
        show = TypedPrinter({"fully_qualified_modules": False}).doprint
        shared, results = sympy.cse(self.expressions, symbols=sympy.numbered_symbols("x_"), order="none")
        targets = [f"{name}[{i}{place}]" for name, rows in self.outputs for i in range(len(rows))]
        return [f"{a} = {show(b)}" for a, b in shared] + [f"{t} = {show(r)}" for t, r in zip(targets, results, strict=True)]

    def by_rows(self) -> str:
        """Whole rows at a time: of arrays; of tensors, in lists; of the numbers of one unit."""
        return self.source("", "", ())

    def for_numba(self, arrays: Sequence[str]) -> str:
        """A loop over units, that LLVM vectorises, of the trials from `first_` to before `last_`; `arrays` are lines that go before it."""
        loop = (*arrays, "    for trial_ in range(first_, last_):", "        for unit_ in range(units_):")
        return self.source(", trial_, unit_", ", unit_", loop, ("trials_", "units_", "first_", "last_"))
