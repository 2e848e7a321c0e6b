"""What stands still during a trial is computed once per trial, not once per unit and step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy


def hoist(expressions: Sequence[sympy.Expr], still: Iterable[sympy.Symbol]) -> tuple[list[sympy.Expr], dict[sympy.Symbol, sympy.Expr]]:
    """Replace every part that depends on `still` symbols alone by a constant's symbol.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
        For a leaky unit ``h (1 - dt/tau) + dt/tau tanh(u)``.
    still : iterable of sympy.Symbol
        ``dt, tau``.

    Returns
    -------
    list of sympy.Expr
        ``h k0 + k1 tanh(u)``.
    dict
        ``{k0: 1 - dt/tau, k1: dt/tau}``, in the order of first use.
    """
    found: dict[sympy.Expr, sympy.Symbol] = {}
    still = frozenset(still)
    lifted = [_lift(sympy.sympify(each), still, found) for each in expressions]
    return lifted, {symbol: part for part, symbol in found.items()}


def _lift(expression: sympy.Expr, still: frozenset, found: dict) -> sympy.Expr:
    free = expression.free_symbols
    if not free & still:
        return expression if not expression.args else expression.func(*(_lift(a, still, found) for a in expression.args))
    if free <= still:
        return found.setdefault(expression, sympy.Symbol(f"still_{len(found)}"))
    if expression.is_Add or expression.is_Mul:
        return _lift_group(expression, still, found)
    return expression.func(*(_lift(a, still, found) for a in expression.args))


def _lift_group(expression: sympy.Expr, still: frozenset, found: dict) -> sympy.Expr:
    steady = [a for a in expression.args if a.free_symbols <= still]
    moving = [_lift(a, still, found) for a in expression.args if not a.free_symbols <= still]
    if not any(a.free_symbols for a in steady):
        return expression.func(*steady, *moving)
    group = expression.func(*steady)
    return expression.func(found.setdefault(group, sympy.Symbol(f"still_{len(found)}")), *moving)
