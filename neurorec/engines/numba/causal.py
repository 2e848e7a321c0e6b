"""The time loop of a trial in causal order, in which weights may change at every step; copied as kernels.py is.

What a synapse carries along is its *memory*: for a local rule its own trace, (k, weights); for a full one the
influence of every weight on every unit's states, (k N, weights). Weights of a unit are laid out side by side:
``[o(t-1) | x(t) | 1]`` for each drive, then the plastic parameters.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Blocks, Descent, Influence, Lesson, PlasticWeights, Ports, Scratch, Trial, Units
from neurorec.formula.calls import emission, optimise, prepare
from neurorec.formula.entry import entry, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .time_step import emit_initial, recurrent_drive, scratch, step_and_teach  # pyright: ignore[reportMissingImports]


@part
def external_drive(weights: Blocks, ports: Ports, x, noise, drives):
    """Win x(t) + b + noise, added to the ports of one step, drives (P, B, N); x (B, I), noise (B, D N)."""
    units = drives.shape[2]
    for row in range(weights.bias.shape[0]):
        d, n = row // units, row % units
        if ports.external[d] >= 0:
            for b in range(x.shape[0]):
                total = weights.bias[row] + noise[b, row]
                for i in range(x.shape[1]):
                    total += weights.input[row, i] * x[b, i]
                drives[ports.external[d], b, n] += total


@part
def arrange(emitted, x, presynaptic):
    """[o(t-1) | x(t) | 1] of each trial, (B, K N + I + 1); emitted (K, B, N), x (B, I)."""
    outputs, trials, units = emitted.shape
    for b in range(trials):
        for c in range(outputs):
            presynaptic[b, c * units : (c + 1) * units] = emitted[c, b]
        presynaptic[b, outputs * units : presynaptic.shape[1] - 1] = x[b]
        presynaptic[b, presynaptic.shape[1] - 1] = real(1)


@part
def add_immediate(memory, stride, slope, partial, presynaptic, from_units, ports: Ports, states, units):
    """F pre(t) and G of one trial, into the memory rows ``j * stride + (unit if stride > 1)``.

    slope (k P, N), partial (k Q, N), presynaptic (M,), of which the first `from_units` come from units.
    """
    n_ports, width = slope.shape[0] // states, presynaptic.shape[0]
    drives, plastic = ports.recurrent.shape[0], partial.shape[0] // states
    for j in range(states):
        for d in range(drives):
            for n in range(units):
                row, start = j * stride + (n if stride > 1 else 0), (d * units + n) * width
                if ports.recurrent[d] >= 0:
                    gain = slope[j * n_ports + ports.recurrent[d], n]
                    for m in range(from_units):
                        memory[row, start + m] += gain * presynaptic[m]
                if ports.external[d] >= 0:
                    gain = slope[j * n_ports + ports.external[d], n]
                    for m in range(from_units, width):
                        memory[row, start + m] += gain * presynaptic[m]
        for q in range(plastic):
            for n in range(units):
                row = j * stride + (n if stride > 1 else 0)
                memory[row, (drives * width + q) * units + n] += partial[j * plastic + q, n]


@part
def decay_local(memory, spare, decay, states, units, width, drives):
    """e <- D e: each synapse's own trace, of one trial; memory and spare (k, weights), decay (k k, N)."""
    spare[:] = memory
    memory[:] = real(0)
    for j in range(states):
        for i in range(states):
            for d in range(drives):
                for n in range(units):
                    gain, start = decay[j * states + i, n], (d * units + n) * width
                    for m in range(start, start + width):
                        memory[j, m] += gain * spare[i, m]
            for m in range(drives * units * width, memory.shape[1]):
                memory[j, m] += decay[j * states + i, m % units] * spare[i, m]


@part
def carry_full(memory, spare, mixing, decay, slope, gain, recurrent, ports: Ports, states, units):
    """P <- (D + F W O) P of one trial; memory and spare (k N, weights), mixing (k N, k N), gain (K k, N) is O."""
    n_ports, outputs = slope.shape[0] // states, gain.shape[0] // states
    mixing[:] = real(0)
    for j in range(states):
        for n in range(units):
            for i in range(states):
                mixing[j * units + n, i * units + n] = decay[j * states + i, n]
                for d in range(ports.recurrent.shape[0]):
                    if ports.recurrent[d] >= 0:
                        through = slope[j * n_ports + ports.recurrent[d], n]
                        for c in range(outputs):
                            for m in range(units):
                                mixing[j * units + n, i * units + m] += (
                                    through * recurrent[d * units + n, c * units + m] * gain[c * states + i, m]
                                )
    spare[:] = memory
    np.dot(mixing, spare, memory)


@part
def collect(memory, stride, signal, units, synapses, width, total):
    """Sum signal times memory of one trial into total (weights,); signal (k, N); `synapses` of the weights are no parameters."""
    for j in range(signal.shape[0]):
        if stride > 1:
            for n in range(units):
                for m in range(memory.shape[1]):
                    total[m] += signal[j, n] * memory[j * stride + n, m]
        else:
            for row in range(synapses // width):
                for m in range(row * width, (row + 1) * width):
                    total[m] += signal[j, row % units] * memory[j, m]
            for m in range(synapses, memory.shape[1]):
                total[m] += signal[j, m % units] * memory[j, m]


@part
def scatter(total, width, changes: Blocks, plastic):
    """From the memory's order of weights to that of the vector; plastic parameters to their rows."""
    (rows, from_units), inputs, units = changes.recurrent.shape, changes.input.shape[1], changes.parameters.shape[1]
    for row in range(rows):
        start = row * width
        for m in range(from_units):
            changes.recurrent[row, m] = total[start + m]
        for m in range(inputs):
            changes.input[row, m] = total[start + from_units + m]
        changes.bias[row] = total[start + width - 1]
    for q in range(plastic.shape[0]):
        for n in range(units):
            changes.parameters[plastic[q], n] = total[rows * width + q * units + n]


@part
def transpose(feedback, transposed):
    """feedback (K N, O), as other loops of a time step take it."""
    for o in range(transposed.shape[0]):
        for row in range(transposed.shape[1]):
            transposed[o, row] = feedback[row, o]


@part
def change_readout(epsilon, emitted, changes: Blocks):
    """dWout = eps o^T, and its transpose for a feedback that learns; epsilon (B, O), emitted (K, B, N)."""
    outputs, trials, units = emitted.shape
    for c in range(outputs):
        for n in range(units):
            row = c * units + n
            for o in range(epsilon.shape[1]):
                total = real(0)
                for b in range(trials):
                    total += epsilon[b, o] * emitted[c, b, n]
                changes.readout[o, row] = total
                changes.feedback[row, o] = total


@part
def clip_and_decay(vector, change, rates, clip, decay):
    """Shorten the change to norm `clip` over the weights that move; shrink those by ``rate * decay``; (W,) each."""
    if clip < np.inf:
        norm = 0.0
        for p in range(change.shape[0]):
            if rates[p] > 0:
                norm += float(change[p]) * float(change[p])
        if norm > clip * clip:
            change *= real(clip / np.sqrt(norm))
    if decay > 0:
        for p in range(vector.shape[0]):
            vector[p] *= real(1) - rates[p] * real(decay)


@part
def influence(weights: PlasticWeights, trial: Trial, full, inputs):
    """Room for what is carried along, zeros, and for what a step needs."""
    (k, trials, units), kind, readout = trial.states.shape[1:], trial.states.dtype, weights.blocks.readout
    rows, (synapses, from_units) = k * (units if full else 1), weights.blocks.recurrent.shape
    width = from_units + inputs + 1
    memory = np.zeros((trials, rows, synapses * width + weights.plastic.shape[0] * units), kind)
    spare, mixing = np.empty_like(memory[0]), np.empty((rows, rows), kind)
    gain, presynaptic = np.empty((trial.emitted.shape[1] * k, trials, units), kind), np.empty((trials, width), kind)
    return Influence(memory, spare, mixing, gain, presynaptic, np.empty(memory.shape[2], kind), np.empty_like(readout))


@part
def remember(own: Scratch, carried: Influence, recurrent, ports: Ports, full):
    """Every trial's memory one step on, and the change that it makes of the error, summed into carried.total."""
    (k, trials, units), total = own.adjoint.shape, carried.total
    (rows, from_units), width = recurrent.shape, carried.presynaptic.shape[1]
    stride, drives = units if full else 1, ports.recurrent.shape[0]
    total[:] = real(0)
    for b in range(trials):
        memory, slope, partial = carried.memory[b], own.slope[:, b], own.partial[:, b]
        if full:
            carry_full(memory, carried.spare, carried.mixing, own.decay[:, b], slope, carried.gain[:, b], recurrent, ports, k, units)
        else:
            decay_local(memory, carried.spare, own.decay[:, b], k, units, width, drives)
        add_immediate(memory, stride, slope, partial, carried.presynaptic[b], from_units, ports, k, units)
        collect(memory, stride, own.adjoint[:, b], units, rows * width, width, total)


@part
def update(teaching, weights: PlasticWeights, descent: Descent, count):
    """A step of the optimiser, the update of that number; no plastic parameter goes below its smallest value."""
    vector = weights.vector
    clip_and_decay(vector, weights.change, weights.rates, descent.clip, descent.decay)
    optimise(teaching, vector, weights.change, weights.slots, weights.rates, count, descent.settings)
    if weights.plastic.shape[0] > 0:
        parameters, least = weights.blocks.parameters, weights.least
        for q in range(parameters.shape[0]):
            for n in range(parameters.shape[1]):
                parameters[q, n] = max(parameters[q, n], least[q, n])


@part
def set_constants(unit, parameters, units: Units):
    """What follows from the parameters as they are, (Q', N)."""
    count = parameters.shape[0]
    units.parameters[:count, 0] = parameters
    prepare(unit, units.parameters, units.constants, units.constants.reshape(units.constants.shape[0], 1, units.constants.shape[1]), 0, 1)


@entry
def causal(unit, teaching, units: Units, weights: PlasticWeights, ports: Ports, full, lesson: Lesson, trial: Trial, descent: Descent):
    """Step, remember, compare, change: for every step of some trials; weights change in place in `weights.vector` and `weights.slots`.

    Fills all of `trial` from states[0].
    """
    blocks, inputs, trials = weights.blocks, lesson.inputs, lesson.share.shape[1]
    own, carried = scratch(trial, weights.plastic.shape[0]), influence(weights, trial, full, inputs.shape[2])
    set_constants(unit, blocks.parameters, units)
    emit_initial(unit, units.constants, trial)
    for t in range(lesson.share.shape[0]):
        arrange(trial.emitted[t], inputs[t], carried.presynaptic)
        recurrent_drive(blocks.recurrent, ports, carried.presynaptic, trial.drives[t])
        external_drive(blocks, ports, inputs[t], lesson.noise[t % lesson.noise.shape[0]], trial.drives[t])
        transpose(blocks.feedback, carried.feedback)
        step_and_teach(unit, teaching, units.constants, blocks.readout, carried.feedback, lesson, trial, t, own)
        emission(unit, trial.states[t], units.constants, carried.gain, 0, trials)
        change_readout(own.error, trial.emitted[t + 1], weights.changes)
        remember(own, carried, blocks.recurrent, ports, full)
        scatter(carried.total, carried.presynaptic.shape[1], weights.changes, weights.plastic)
        update(teaching, weights, descent, descent.count + t + 1)
        if weights.plastic.shape[0] > 0:
            set_constants(unit, blocks.parameters, units)
