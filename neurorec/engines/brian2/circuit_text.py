"""A network in some trials as Brian2 objects, in text: groups, synapses, and what runs in which order within a step."""

from __future__ import annotations

from dataclasses import dataclass, field

from neurorec.engines.brian2.unit_text import UnitText

# Within Brian2's slot "groups" of a step; sums over synapses of what was sent a step ago come before 0.
MOVE, SILENCE, READ, SEND_BACK, ASK, LEARN = 1, 2, 3, 4, 5, 6
BETWEEN = {"recurrent": ("units", "units"), "input": ("inputs", "units"), "readout": ("units", "outputs"), "feedback": ("outputs", "units")}


@dataclass
class Part:
    """A group, or synapses between two groups.

    Attributes
    ----------
    model : list of str
        Declarations.
    code : list of (int, list of str)
        What runs at each step, by its order.
    between : tuple of str
        Of synapses, the names of the groups of their sources and their targets.
    """

    model: list[str]
    code: list[tuple[int, list[str]]] = field(default_factory=list)
    between: tuple[str, str] | None = None


def circuit(unit: UnitText, inputs: int, error: str | None = None) -> dict[str, Part]:
    """All parts by name: units, outputs, recurrent and readout, and where there are inputs these and their synapses; feedback for learning.

    Parameters
    ----------
    unit : UnitText
    inputs : int
        Input channels.
    error : str, optional
        Of an output, as an expression: a local rule's changes are then gathered.
    """
    learning = error is not None
    parts = {"units": _units(unit, learning), "outputs": _outputs(error), "recurrent": _recurrent(unit, learning)}
    if inputs:
        parts |= {"inputs": Part(["x = inputs_array(t, i) : 1"]), "input": _input(unit, learning)}
    parts["readout"] = _readout(unit, learning)
    if learning:
        parts["feedback"] = _feedback(unit)
    return parts


def _units(unit: UnitText, learning: bool) -> Part:
    if not learning:
        return Part(unit.declarations(False), [(MOVE, unit.advance())])
    moved = unit.advance()[len(unit.receive()) :]
    own = [line for d in unit.drives for line in unit.trace(f"trace_bias_{d}", d, "by_in", "1")]
    own += [line for q, _ in enumerate(unit.formula.plastic) for line in unit.trace(f"trace_par_{q}", q, "by_par", "1")]
    gathered = [f"change_bias_{d} += {unit.asked(f'trace_bias_{d}')}" for d in unit.drives]
    gathered += [f"change_par_{q} += {unit.asked(f'trace_par_{q}')}" for q, _ in enumerate(unit.formula.plastic)]
    return Part(
        unit.declarations(True),
        [
            (MOVE, [*unit.receive(), *unit.answer(), *moved, *own]),
            (SILENCE, [f"error_{k} = 0" for k in unit.outputs]),
            (ASK, unit.signals()),
            (LEARN, gathered),
        ],
    )


def _outputs(error: str | None) -> Part:
    return Part(["y : 1", *([f"err = {error} : 1"] if error else [])], [(SILENCE, ["y = 0"])])


def _recurrent(unit: UnitText, learning: bool) -> Part:
    pairs = [(d, k) for d in unit.drives for k in unit.outputs]
    model = [f"w_{d}_{k} : 1" for d, k in pairs]
    model += [f"rec_{d}_post = {' + '.join(f'w_{d}_{k}*out_{k}_pre' for k in unit.outputs)} : 1 (summed)" for d in unit.drives]
    return _plastic(unit, Part(model, between=BETWEEN["recurrent"]), {(d, k): f"before_{k}_pre" for d, k in pairs}, "by_rec", learning)


def _input(unit: UnitText, learning: bool) -> Part:
    model = [f"w_{d}_0 : 1" for d in unit.drives] + [f"in_{d}_post = w_{d}_0*x_pre : 1 (summed)" for d in unit.drives]
    return _plastic(unit, Part(model, between=BETWEEN["input"]), {(d, 0): "x_pre" for d in unit.drives}, "by_in", learning)


def _plastic(unit: UnitText, part: Part, pre: dict[tuple[int, int], str], of: str, learning: bool) -> Part:
    """With an eligibility trace for each weight of a synapse, and the sum of its changes."""
    if learning:
        states = range(len(unit.states))
        part.model += [f"trace_{d}_{k}_{j} : 1" for d, k in pre for j in states] + [f"change_{d}_{k} : 1" for d, k in pre]
        traces = [line for (d, k), source in pre.items() for line in unit.trace(f"trace_{d}_{k}", d, of, source, "_post")]
        changes = [f"change_{d}_{k} += {unit.asked(f'trace_{d}_{k}', '_post')}" for d, k in pre]
        part.code += [(SILENCE, traces), (LEARN, changes)]
    return part


def _readout(unit: UnitText, learning: bool) -> Part:
    part = Part([f"w_0_{k} : 1" for k in unit.outputs], between=BETWEEN["readout"])
    part.code.append((READ, [f"y_post += {' + '.join(f'w_0_{k}*out_{k}_pre' for k in unit.outputs)}"]))
    if learning:
        part.model += [f"change_0_{k} : 1" for k in unit.outputs]
        part.code.append((LEARN, [f"change_0_{k} += err_post*out_{k}_pre" for k in unit.outputs]))
    return part


def _feedback(unit: UnitText) -> Part:
    model = [f"w_{k}_0 : 1" for k in unit.outputs]
    return Part(model, [(SEND_BACK, [f"error_{k}_post += w_{k}_0*err_pre" for k in unit.outputs])], BETWEEN["feedback"])
