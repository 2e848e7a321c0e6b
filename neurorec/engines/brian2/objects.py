"""Brian2's own objects, made from the text of a circuit; trials stand side by side as copies of the network."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from neurorec.engines.brian2.circuit_text import Part
from neurorec.errors import NotOffered, one_line

TARGET = "numpy"  # of its code generation: compiling takes longer than any cross-check


class Circuit:
    """Objects of a circuit, and how to read them.

    Parameters
    ----------
    parts : mapping of str to Part
    sizes : mapping of str to int
        Members of each group in one trial.
    trials, steps : int
    dt : float
        Seconds.
    namespace : mapping
        Constants, and arrays ``(T, B * members)`` under the names that the text calls as functions of time.
    """

    def __init__(
        self, parts: Mapping[str, Part], sizes: Mapping[str, int], trials: int, steps: int, dt: float, namespace: Mapping[str, Any]
    ) -> None:
        brian2 = brian2_there()
        self.brian2, self.sizes, self.trials, self.steps = brian2, sizes, trials, steps
        self.clock, self.dt = brian2.Clock(dt=dt * brian2.second), dt
        self.namespace = {
            name: brian2.TimedArray(each, dt=dt * brian2.second) if isinstance(each, np.ndarray) else each
            for name, each in namespace.items()
        }
        self.objects: dict[str, Any] = {}
        for name, part in parts.items():
            self.objects[name] = self._group(name, part) if part.between is None else self._synapses(part)
            for order, code in part.code:
                self.objects[name].run_regularly("\n".join(code), clock=self.clock, when="groups", order=order)

    def set(self, name: str, variable: str, values: np.ndarray) -> None:
        """A variable of a group, (members,) or (B, members), or of synapses, (targets, sources); what has no trials is the same in all."""
        own = np.ndim(values) == 2 and name in self.sizes
        setattr(self.objects[name], variable, np.ravel(values) if own else np.tile(np.ravel(values), self.trials))

    def summed(self, name: str, variable: str, shape: tuple[int, ...]) -> np.ndarray:
        """A variable's sum over trials, in the shape of a group or of weights."""
        return np.asarray(getattr(self.objects[name], variable)).reshape(self.trials, *shape).sum(axis=0)

    def run(self, watched: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
        """All steps; of groups the variables that are watched, after each step, (T, variables, B, members)."""
        b2 = self.brian2
        monitors = {
            name: b2.StateMonitor(self.objects[name], names, record=True, when="end", clock=self.clock) for name, names in watched.items()
        }
        running = b2.Network(*self.objects.values(), *monitors.values())
        running.run(self.steps * self.dt * b2.second, namespace=self.namespace)
        return {name: np.stack([self._over_time(monitors[name], each) for each in names], axis=1) for name, names in watched.items()}

    def _over_time(self, monitor: Any, variable: str) -> np.ndarray:
        return np.asarray(getattr(monitor, variable)).T.reshape(self.steps, self.trials, -1)

    def _group(self, name: str, part: Part) -> Any:
        return self.brian2.NeuronGroup(self.trials * self.sizes[name], "\n".join(part.model), clock=self.clock, namespace=self.namespace)

    def _synapses(self, part: Part) -> Any:
        """From every source to every target of the same trial, targets one after another: as weights lie in a matrix."""
        assert part.between is not None
        before, after = (self.objects[name] for name in part.between)
        made = self.brian2.Synapses(before, after, "\n".join(part.model), clock=self.clock, namespace=self.namespace)
        sources, targets = (self.sizes[name] for name in part.between)
        trial, post, pre = np.unravel_index(np.arange(self.trials * targets * sources), (self.trials, targets, sources))
        made.connect(i=trial * sources + pre, j=trial * targets + post)
        return made


def brian2_there() -> Any:
    """The package.

    Raises
    ------
    NotOffered
        If it is not there, or its version and NumPy's do not go together.
    """
    try:
        import brian2
    except (ImportError, AttributeError) as error:  # the latter where 2.9 meets a NumPy from 2.4 on
        raise NotOffered(
            f"engine 'brian2' needs Brian2, which cannot be imported ({one_line(error)}): pip install 'brian2>=2.9', with numpy<2.4 on Python 3.11; "
            "or use engine='reference', which computes the same"
        ) from error
    return brian2


@contextmanager
def quietly() -> Iterator[None]:
    """Brian2 with the NumPy target, without what it says of names and of sums in any order; as it was, afterwards."""
    brian2 = brian2_there()
    logger, target = logging.getLogger("brian2"), brian2.prefs.codegen.target
    level = logger.level
    brian2.prefs.codegen.target = TARGET
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        brian2.prefs.codegen.target = target
        logger.setLevel(level)
