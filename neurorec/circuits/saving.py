"""What of a loop goes to its file, and how it is instance again from there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.circuits.box import Box
from neurorec.circuits.loop_log import COLUMNS
from neurorec.circuits.loop_state import LoopState
from neurorec.discovery import name_of
from neurorec.engines.base import AbstractEngine
from neurorec.hdf5.states import State
from neurorec.runs.contents import Contents
from neurorec.runs.layout import Layout
from neurorec.runs.record import Record
from neurorec.trust import Trusted, instance, restored

if TYPE_CHECKING:
    from neurorec.circuits.sequence_loop import SequenceLoop

AS_THEY_ARE = ("duration", "hold", "syllables", "exploration", "refractory", "seed")  # settings that are JSON-able


def contents(loop: SequenceLoop, total: int, record: Record, done: int = 0) -> Contents:
    """Of a file for so many transitions, of which some are done."""
    network = loop.network
    layout = Layout(total, loop.runner.steps, network.dt, 1, network.inputs, network.outputs, COLUMNS, (), record)
    return Contents(layout, network, _settings(loop), resume_state(loop, done), loop.seed)


def resume_state(loop: SequenceLoop, done: int) -> State:
    """What learning goes on from, after so many transitions of a file; random numbers follow from the seed and the number of the transition."""
    state = loop.state or LoopState(loop.runner.rest, [], np.zeros(0))
    return State(done, loop.done, loop.weights.ravel(), np.empty((0, loop.weights.size)), state.vector())


def arguments(settings: Mapping[str, Any], engine: str | AbstractEngine | None, trust: Trusted) -> dict[str, Any]:
    """Arguments of `SequenceLoop`, but the network, from the settings in a file; `engine` in the place of its own, unless None."""
    return {name: settings[name] for name in AS_THEY_ARE} | {
        "engine": restored("engines", settings["engine"], settings["engine_settings"], trust) if engine is None else engine,
        "context": restored("contexts", settings["context"]["name"], settings["context"]["settings"], trust),
        "plasticity": restored("plasticities", settings["plasticity"]["name"], settings["plasticity"]["settings"], trust),
        "box": settings["box"] and instance(Box, settings["box"]),
    }


def restore(loop: SequenceLoop, settings: Mapping[str, Any], state: State) -> None:
    """Set what changes while a loop learns to what a file holds."""
    loop.weights[...] = state.vector.reshape(loop.weights.shape)
    loop.done, loop.sequence = state.updates, tuple(settings["sequence"])
    loop_state = LoopState.from_vector(state.carried, loop.runner.rest)
    loop.state = loop_state if loop_state.history else None


def _settings(loop: SequenceLoop) -> dict[str, Any]:
    """All that does not change while a loop learns, JSON-able."""
    runner, box = loop.runner, loop.box
    own_settings = {
        "duration": runner.duration, "hold": runner.hold, "syllables": list(loop.syllables), "exploration": loop.exploration,
        "refractory": loop.refractory, "seed": loop.seed,
    }  # fmt: skip
    parts = {
        "engine": name_of(runner.engine), "engine_settings": runner.engine.settings, "context": _described(loop.context),
        "plasticity": _described(loop.plasticity), "box": box and {"ways": box.ways.tolist(), "half_width": box.half_width},
    }  # fmt: skip
    return own_settings | parts | {"sequence": list(loop.sequence)}


def _described(part: Any) -> dict[str, Any]:
    """Name and settings of a part, JSON-able."""
    return {"name": name_of(part), "settings": dataclasses.asdict(part)}
