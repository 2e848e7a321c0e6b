"""What a unit is and does in a step, as text for Brian2: names, declarations, statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import sympy

from neurorec.formula.brian2_text import renamed, text
from neurorec.formula.derive import EXTERNAL, RECURRENT, Formula, Port
from neurorec.formula.words import absolute

STEP = "step_size"  # the formula's dt, a number of seconds; Brian2's own dt has a dimension


class UnitText:
    """A formula's names and statements.

    Names of what has indices end in them: ``rec_0`` is what recurrent weights bring to drive 0, ``out_1`` the second output, ``before_0`` the
    first output a step ago; for learning ``decay_0_1`` is ds_0(t)/ds_1(t-1), ``by_rec_0_1`` and ``by_in_0_1`` ds_0(t)/du_1(t) through the
    two parts of a drive, ``by_par_0_1`` ds_0(t)/dtheta_1, ``signal_0`` what the error asks of state 0; ``within_step_0`` ... are parts of a
    step's expressions, ``within_answer_0`` ... of those derivatives.

    Parameters
    ----------
    formula : Formula
    noisy : bool
        Whether there is an array of noise for each drive, ``noise_0(t, i)``.
    """

    def __init__(self, formula: Formula, noisy: bool) -> None:
        self.formula, self.noisy = formula, noisy
        self.states, self.ports, self.parameters = (
            [renamed(name) for name in names] for names in (formula.states, formula.ports, formula.parameters)
        )
        own = zip((*formula.states, *formula.ports, *formula.parameters), (*self.states, *self.ports, *self.parameters), strict=True)
        self._names = {**dict(own), "dt": STEP}
        self.drives, self.outputs = range(formula.n_drives), range(len(formula.emitted))

    def declarations(self, learning: bool) -> list[str]:
        """Variables of a group of units; all are plain numbers."""
        found = [*self.states, *self.ports, *(f"{name} : 1 (constant)" for name in self.parameters)]
        found += [f"{name}_{d}" for d in self.drives for name in ("rec", "in", "bias")] + [f"out_{k}" for k in self.outputs]
        if learning:
            found += [*self._learning_names()]
        return [name if ":" in name else f"{name} : 1" for name in found]

    def advance(self) -> list[str]:
        """One step: drives, states, outputs."""
        states = self._written([f"new_{name}" for name in self.states], self.formula.new, "within_step")
        return [*self.receive(), *states, *(f"{name} = new_{name}" for name in self.states), *self.send()]

    def receive(self) -> list[str]:
        """What reaches each argument of the formula."""
        return [f"{name} = {' + '.join(self._parts(port))}" for name, port in zip(self.ports, self.formula.layout, strict=True)]

    def send(self) -> list[str]:
        """What other units see."""
        return [f"out_{k} = {self._text(each)}" for k, each in enumerate(self.formula.emitted)]

    def answer(self) -> list[str]:
        """Before a step, once its drives are there: how the new states will answer to the old ones, the drives and the parameters."""
        lines = [f"before_{k} = out_{k}" for k in self.outputs]
        answers = [(name, each) for name, each in self._answers() if each != 0]
        return lines + self._written([name for name, _ in answers], [each for _, each in answers], "within_answer")

    def signals(self) -> list[str]:
        """After a step: what the error of the outputs, ``error_0`` ..., asks of each state, O^T B eps."""
        return [f"signal_{j} = {sum_of(self._gains(j))}" for j in range(len(self.states))]

    def trace(self, name: str, drive: int, of: str, pre: str, at: str = "") -> list[str]:
        """Eligibility of a weight into a drive: trace(t) = D trace(t-1) + F pre; `at` is what a synapse adds to names of its target."""
        states = range(len(self.states))
        kept = {j: [f"decay_{j}_{k}{at}*{name}_{k}" for k in states if self.formula.decay[j, k] != 0] for j in states}
        fresh = {j: [f"{of}_{j}_{drive}{at}*{pre}"] if self.acts(j, drive, of) else [] for j in states}
        moved = [j for j in states if kept[j] or fresh[j]]  # a state that counts steps has no derivative: its trace stays at zero
        new = [f"fresh_{j} = {sum_of([*kept[j], *fresh[j]])}" for j in moved]
        return [*new, *(f"{name}_{j} = fresh_{j}" for j in moved)]

    def asked(self, name: str, at: str = "") -> str:
        """signal . trace."""
        return sum_of([f"signal_{j}{at}*{name}_{j}" for j in range(len(self.states))])

    def acts(self, state: int, drive: int, of: str) -> bool:
        """Whether a drive moves a state, through recurrent weights (``"by_rec"``) or through the others; or a parameter does."""
        if of == "by_par":
            return self.formula.partial[state, drive] != 0
        port = self.formula.port_of(drive, RECURRENT if of == "by_rec" else EXTERNAL)
        return port >= 0 and self.formula.slope[state, port] != 0

    def _answers(self) -> Iterator[tuple[str, sympy.Expr]]:
        states = range(len(self.states))
        for j in states:
            yield from ((f"decay_{j}_{k}", self.formula.decay[j, k]) for k in states)
            for name, part in (("by_rec", RECURRENT), ("by_in", EXTERNAL)):
                ports = [(d, self.formula.port_of(d, part)) for d in self.drives]
                yield from ((f"{name}_{j}_{d}", self.formula.slope[j, port]) for d, port in ports if port >= 0)
            yield from ((f"by_par_{j}_{q}", self.formula.partial[j, q]) for q in range(len(self.formula.plastic)))

    def _learning_names(self) -> Iterator[str]:
        yield from (f"{name}_{k}" for k in self.outputs for name in ("before", "error"))
        yield from (name for name, each in self._answers() if each != 0)
        for j in range(len(self.states)):
            yield f"signal_{j}"
            yield from (f"trace_bias_{d}_{j}" for d in self.drives)
            yield from (f"trace_par_{q}_{j}" for q in range(len(self.formula.plastic)))
        yield from (f"change_bias_{d}" for d in self.drives)
        yield from (f"change_par_{q}" for q in range(len(self.formula.plastic)))

    def _gains(self, state: int) -> list[str]:
        gains = [(k, self.formula.emission[k, state]) for k in self.outputs]
        return [f"({self._text(gain)})*error_{k}" for k, gain in gains if gain != 0]

    def _parts(self, port: Port) -> list[str]:
        found = [f"rec_{port.drive}"] if port.takes_recurrent else []
        if port.takes_external:
            found += [f"in_{port.drive}", f"bias_{port.drive}", *([f"noise_{port.drive}(t, i)"] if self.noisy else [])]
        return found

    def _written(self, names: Sequence[str], expressions: Sequence[sympy.Expr], prefix: str) -> list[str]:
        """Assignments; before them, what several of the expressions have in common, and what magnitudes are taken of.

        Whole, Brian2 reads long expressions slowly, and of magnitudes not at all: its sympy does not know that they are of real numbers.
        """
        inner = sympy.ordered({each.args[0] for whole in expressions for each in whole.atoms(absolute)})
        common, left = sympy.cse([*expressions, *inner], (sympy.Symbol(f"{prefix}_{n}") for n in count()))
        return [f"{name} = {self._text(each)}" for name, each in (*common, *zip(names, left, strict=False))]

    def _text(self, expression: sympy.Expr) -> str:
        return text(expression, self._names)


def sum_of(terms: Sequence[str]) -> str:
    """Terms added; of none, zero."""
    return " + ".join(terms) or "0"
