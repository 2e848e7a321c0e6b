"""A training before its first step: everything is made and found to fit, nothing is trained or written."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Unpack, cast

import numpy as np

from neurorec.hdf5.states import State
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.plasticity import largest_rate, learning_rates, uneven, with_plastic
from neurorec.networks.weights import Weights
from neurorec.process.memory import expect_memory
from neurorec.random_numbers.seeds import entropy
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import text_widths
from neurorec.runs.layout import Layout
from neurorec.runs.record import Record, default_record, spacing
from neurorec.runs.spikes import expect_sparse_enough
from neurorec.simulation.stimulus import fit
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.training.memories import warn_of_slow_memories
from neurorec.training.parts import Parts
from neurorec.training.settings import Options, TrainingSettings, expect_options
from neurorec.training.trainer import Trainer


def prepared(
    network: AbstractNetwork,
    task: AbstractTask | Trials | str,
    rule: Any = "rflo",
    engine: Any = "numba",
    *,
    optimiser: Any = "sgd",
    loss: Any = None,
    feedback: Any = None,
    plastic: Any = None,
    **options: Unpack[Options],
) -> tuple[Trainer, Trials, np.ndarray | None]:
    """What `train`, whose arguments these are, does before the first step: everything is made and found to fit, nothing is trained or written.

    Returns
    -------
    Trainer
    Trials
        The first of its trials.
    (P,) array or None
        A rate for every weight, where synapses differ.
    """
    expect_options(options)
    parts = Parts.of(task, rule, engine, feedback, optimiser, loss)
    network, masks = with_plastic(network, plastic)
    settings, rates = _resolved(TrainingSettings(**cast(Any, options)), network, parts, masks)
    _expect_room(network, settings.batch, steps=1)
    trainer = Trainer(network, parts, settings, rates)
    first = trainer.trials(0, 1)
    fit(network, first)
    _expect_room(network, settings.batch, first.steps)
    warn_of_slow_memories(network, first)
    return trainer, first, rates


def _resolved(
    settings: TrainingSettings, network: AbstractNetwork, parts: Parts, masks: Mapping[str, np.ndarray]
) -> tuple[TrainingSettings, np.ndarray | None]:
    """The settings with a seed and with rates as plain numbers, and a rate for every weight, (P,), where synapses differ."""
    by_name = learning_rates(network, parts.rule, parts.feedback, settings.rate, masks)
    rates = Weights.of(network, np.float64).per_weight(network, by_name) if uneven(by_name) else None
    plain = {"rate": largest_rate(settings.rate), "uneven": list(uneven(by_name)), "seed": entropy(settings.seed)}
    return dataclasses.replace(settings, **plain), rates


def contents_of(trainer: Trainer, first: Trials, record: Record | None, rates: np.ndarray | None) -> Contents:
    """What the file of a training holds that begins; `first` is one of its trials."""
    network, settings = trainer.network, trainer.settings
    record = record or default_record(network, "output", "target", every=spacing(settings.trials))
    conditions = tuple(n for n, value in first.conditions.items() if value.dtype.kind in "iufbU")
    sizes = settings.trials, first.steps, network.dt, settings.batch, network.inputs, network.outputs
    layout = Layout(*sizes, settings.columns, conditions, record, text_widths(first.conditions))
    _expect_sparse_enough(network, record, layout)
    state = State(0, 0, *trainer.state, trainer.start.vector)
    config = {**trainer.parts.described(), **settings.as_dict()}
    snapshots = record.snapshots(settings.trials, settings.batch)
    return Contents(layout, network, config, state, settings.seed, snapshots, rates)


def trusted_by(trainer: Trainer) -> tuple[type, ...]:
    """Classes that the file may name: who trained with them may read it again."""
    return (*trainer.network.component_classes, *trainer.parts.component_classes)


def _expect_sparse_enough(network: AbstractNetwork, record: Record, layout: Layout) -> None:
    """Of spike trains that are recorded, whole or of some units."""
    units = network.units if record.units is None else len(record.units)
    size = record.count(layout.total) * len(layout.times) * units if network.formula.states[0] in record.variables else 0
    expect_sparse_enough(network, size, "the run", "record fewer trials, nr.Record(every=...), or some units, nr.Record(units=...)")


def _expect_room(network: AbstractNetwork, batch: int, steps: int) -> None:
    """For the states of a batch, float32 at least."""
    size = 4 * batch * steps * (network.initial.size + network.inputs + network.outputs)
    expect_memory(size, f"a batch of {batch} trials", "use a smaller batch, or fewer units")
