"""Expressions to the text that Brian2 reads: the statements of its abstract code."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from sympy.printing.str import StrPrinter

from neurorec.formula.words.base import AbstractWord

# Names that Brian2 keeps for itself; a state that is called so gets another.
KEPT = frozenset({"N", "dt", "e", "i", "inf", "j", "lastspike", "not_refractory", "pi", "refractory", "t", "t_in_timesteps", "xi"})


class Brian2Printer(StrPrinter):
    """Powers by ``**``, sympy's own functions by Brian2's names, words as they say themselves."""

    def _print_Function(self, expr: sympy.Function) -> str:
        arguments = [self._print(each) for each in expr.args]
        if isinstance(expr, AbstractWord):
            return f"({expr.in_brian2(*arguments)})"
        return f"{type(expr).__name__}({', '.join(arguments)})"

    def _print_Rational(self, expr: sympy.Rational) -> str:
        return repr(float(expr))

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return str(expr.p)

    def _print_Float(self, expr: sympy.Float) -> str:
        return repr(float(expr))


def renamed(name: str) -> str:
    """A name that Brian2 takes."""
    return f"own_{name}" if name in KEPT else name


def text(expression: sympy.Expr, names: Mapping[str, str]) -> str:
    """An expression, its symbols under other names.

    Raises
    ------
    NotOffered
        If it uses a word that has no form for Brian2.
    """
    found = {symbol: sympy.Symbol(names[symbol.name]) for symbol in expression.free_symbols if symbol.name in names}
    return Brian2Printer().doprint(expression.xreplace(found))
