"""Rules, feedbacks and losses of the user's own, as objects with settings: what trains is what was passed, and what resumes is it again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from cases import ENGINES, ORDINARY, difference, network, trials

import neurorec as nr
from neurorec.errors import NotOffered, RunFileError
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.losses.mse import MSE
from neurorec.learning.optimisers.adam import Adam
from neurorec.learning.optimisers.base import AbstractOptimiser
from neurorec.learning.rules.base import AbstractRule
from neurorec.learning.rules.rflo import RFLO

TASK = nr.task("periodic_output", period=0.1)


class Sideways(AbstractRule):
    influence = "sideways"


class Silent(AbstractRule):
    """Says nothing of its influence."""


@dataclass(frozen=True)
class Sparing(AbstractRule):
    spares: tuple[str, ...] = ()
    influence: str = "local"


@dataclass(frozen=True)
class Mixed(AbstractFeedback):
    share: float = 0.5

    def element(self, readout: np.ndarray, feedback: np.ndarray) -> np.ndarray:
        return self.share * readout + (1 - self.share) * feedback


@dataclass(frozen=True)
class Scaled(AbstractLoss):
    factor: float = 1.0

    def value(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return self.factor * ((targets - outputs) ** 2).sum(axis=1) / 2

    def error(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return self.factor * (targets - outputs)


class Forgetful(AbstractRule):
    """Keeps a setting where no file finds it."""

    influence = "local"

    def __init__(self, spares: tuple[str, ...]):
        self.spares = spares


@pytest.mark.parametrize("engine", [*ENGINES, "reference"])
@pytest.mark.parametrize("rule", [Sideways, Silent(), type("OfRFLO", (RFLO,), {"influence": "sideways"})])
def test_an_influence_that_is_not_declared_is_refused_by_every_engine(engine, rule):
    net, data = network(ORDINARY), trials(ORDINARY)
    for ask in (
        lambda: nr.weight_change(net, data, rule=rule, engine=engine),
        lambda: nr.train(net, data, rule=rule, engine=engine, trials=1, progress=False),
        lambda: nr.train(net, data, rule=rule, engine=engine, trials=1, update="step", progress=False),
    ):
        with pytest.raises(NotOffered, match="declares the influence .*must be 'local' or 'full'"):
            ask()


def trained(**settings) -> dict[str, np.ndarray]:
    """By how much one update of rate 1 moves everything, averaged over the trials as `weight_change` is."""
    net = network(ORDINARY)
    made = nr.train(net, trials(ORDINARY), trials=2, batch=2, rate=1.0, progress=False, **settings).network
    return {name: getattr(made, name) - getattr(net, name) for name in ("recurrent", "input", "readout", "bias")}


@pytest.mark.parametrize(
    "settings",
    [{"rule": Sparing(("recurrent", "bias"))}, {"rule": Sparing(influence="full")}, {"feedback": Mixed(0.9)}, {"feedback": Mixed(-1.0)}],
    ids=str,
)
@pytest.mark.parametrize("engine", ["reference", "numba", "torch", "unrolled"])
def test_an_object_trains_with_the_settings_with_which_its_change_is_asked_for(engine, settings):
    change = nr.weight_change(network(ORDINARY), trials(ORDINARY), engine=engine, **settings)
    for name, moved in trained(engine=engine, **settings).items():
        assert difference(moved, change[name]) < 1e-4, name


def test_a_loss_is_a_name_a_class_or_an_object():
    half, named, by_class, by_object = (trained(loss=loss)["recurrent"] for loss in (Scaled(0.5), "mse", MSE, MSE()))
    assert np.array_equal(named, by_class)
    assert np.array_equal(named, by_object)
    assert difference(2 * half, named) < 1e-5
    losses = [
        nr.train(network(ORDINARY), trials(ORDINARY), trials=1, loss=each, progress=False).log["loss"].item() for each in (Scaled(0.5), MSE)
    ]
    assert 2 * losses[0] == pytest.approx(losses[1])


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_settings_reach_the_compiled_loops(engine):
    """Where weights change at every step: feedback and loss are compiled into the time loop."""
    settings = {"feedback": Mixed(0.9), "loss": Scaled(0.5), "update": "step"}
    net = nr.Network.random(2, 5, 3, dt=0.02)
    ours, definition = (
        nr.train(net, trials(ORDINARY), engine=each, trials=2, rate=0.5, progress=False, **settings).network.recurrent
        for each in (engine, "reference")
    )
    assert difference(ours, definition) < 1e-4
    plain = nr.train(net, trials(ORDINARY), engine=engine, trials=2, rate=0.5, update="step", progress=False).network.recurrent
    assert difference(plain, definition) > 1e-3


def test_settings_are_in_the_file_and_a_resumed_training_has_them(tmp_path):
    net, path = nr.Network.random(0, 5, 1), tmp_path / "run.h5"
    parts = {"rule": Sparing(("input",)), "feedback": Mixed(0.9), "loss": Scaled(0.5), "optimiser": Adam(beta1=0.5)}
    straight = nr.train(net, TASK, trials=6, rate=0.01, progress=False, **parts)
    run = nr.train(net, TASK, trials=3, rate=0.01, path=path, progress=False, **parts)
    assert run.config["rule_settings"] == {"spares": ["input"], "influence": "local"}
    assert run.config["feedback_settings"] == {"share": 0.9}
    assert run.config["loss_settings"] == {"factor": 0.5}
    with pytest.raises(RunFileError, match="trust"):
        nr.resume(path, trials=6, progress=False)
    resumed = nr.resume(path, trials=6, progress=False, trust=[Sparing, Mixed, Scaled])
    assert np.array_equal(resumed.network.recurrent, straight.network.recurrent)
    assert np.array_equal(resumed.network.input, net.input)


def test_what_a_file_could_not_give_back_is_refused():
    with pytest.raises(NotOffered, match="Forgetful holds spares, which a run file cannot give back; make it a frozen dataclass"):
        nr.train(network(ORDINARY), trials(ORDINARY), rule=Forgetful(("input",)), trials=1, progress=False)


@dataclass(frozen=True)
class Older(AbstractOptimiser):
    @staticmethod
    def step(weights, change, slots, rates, count, settings):
        weights += rates * change


def test_an_optimiser_that_moves_the_weights_itself_is_refused_in_words():
    with pytest.raises(NotOffered, match="Older.step does not return how far the weights move.*return rate"):
        nr.train(network(ORDINARY), trials(ORDINARY), optimiser=Older, trials=1, progress=False)
