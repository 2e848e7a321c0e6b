"""What is constant during a trial is computed once per trial, not once per unit and step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy


def hoist(expressions: Sequence[sympy.Expr], constant: Iterable[sympy.Symbol]) -> tuple[list[sympy.Expr], dict[sympy.Symbol, sympy.Expr]]:
    """Replace every part that depends on `constant` symbols alone by a symbol of its own.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
        For a leaky unit ``h (1 - dt/tau) + dt/tau tanh(u)``.
    constant : iterable of sympy.Symbol
        ``dt, tau``.

    Returns
    -------
    list of sympy.Expr
        ``h k0 + k1 tanh(u)``.
    dict
        ``{k0: 1 - dt/tau, k1: dt/tau}``, in the order of first use.
    """
    symbols: dict[sympy.Expr, sympy.Symbol] = {}
    constant = frozenset(constant)
    hoisted = [_hoisted(sympy.sympify(each), constant, symbols) for each in expressions]
    return hoisted, {symbol: part for part, symbol in symbols.items()}


def _hoisted(expression: sympy.Expr, constant: frozenset, symbols: dict) -> sympy.Expr:
    free = expression.free_symbols
    if not free & constant:
        return expression if not expression.args else expression.func(*(_hoisted(a, constant, symbols) for a in expression.args))
    if free <= constant:
        return symbols.setdefault(expression, sympy.Symbol(f"still_{len(symbols)}"))
    if expression.is_Add or expression.is_Mul:
        return _hoisted_group(expression, constant, symbols)
    return expression.func(*(_hoisted(a, constant, symbols) for a in expression.args))


def _hoisted_group(expression: sympy.Expr, constant: frozenset, symbols: dict) -> sympy.Expr:
    constants = [a for a in expression.args if a.free_symbols <= constant]
    others = [_hoisted(a, constant, symbols) for a in expression.args if not a.free_symbols <= constant]
    if not any(a.free_symbols for a in constants):
        return expression.func(*constants, *others)
    group = expression.func(*constants)
    return expression.func(symbols.setdefault(group, sympy.Symbol(f"still_{len(symbols)}")), *others)
