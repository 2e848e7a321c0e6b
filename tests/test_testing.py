"""The checks find what breaks a law, and say which: of each kind something that is wrong on purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pytest
import typer

import neurorec as nr
from neurorec import testing
from neurorec.engines.reference import ReferenceEngine
from neurorec.engines.unrolled.jacobi import Jacobi
from neurorec.learning.losses.mse import MSE
from neurorec.learning.optimisers.sgd import SGD
from neurorec.learning.rules.rflo import RFLO
from neurorec.networks.cells.tanh import Tanh
from neurorec.networks.parametrisations.sparse import Sparse
from neurorec.tasks.periodic_output import PeriodicOutput


class Uphill(MSE):
    """Its error has the wrong sign."""

    @staticmethod
    def error(outputs, targets):
        return outputs - targets


class Mislinked(MSE):
    """Its outputs are no logits."""

    link = "softmax"


class Restless(SGD):
    """Moves what has no rate."""

    @staticmethod
    def step(weight, change, slots, rate, count, settings):
        return change.dtype.type(0.1) * change


class Mixing(nr.AbstractFeedback):
    """Not element by element."""

    @staticmethod
    def element(readout, feedback):
        return readout + 0.0 * feedback + np.sum(np.abs(readout))


@dataclass(frozen=True)
class Generous(PeriodicOutput):
    """Half a point is the most: ``dt``, ``period``, ``frequencies``, ``duration``, ``amplitudes``."""

    def score(self, outputs, trials):
        return super().score(outputs, trials) / 2


class Careless(Sparse):
    """Forgets the mask on the way back."""

    @staticmethod
    def pull(free, change):
        return {"strength": 2 * change}


class Boastful(RFLO):
    """Says that it is exact."""

    exact = True


class Louder(ReferenceEngine):
    """Adds a tenth to every output."""

    def forward(self, network, weights, stimulus):
        activity = super().forward(network, weights, stimulus)
        return replace(activity, readout=1.1 * activity.readout)


class Grudging(nr.AbstractPlasticity):
    """Reward makes a choice less likely."""

    def change(self, weights, winner, cells, right):
        weights[winner] -= cells if right else 0


class Nameless(nr.AbstractContext):
    def count(self, outputs):
        return outputs

    def code(self, outputs, syllables, rng):
        return lambda sent, history: sent


def selfish(run, ax=None):
    """A figure of its own, whatever axes are given."""
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    ax.plot(run.log["trial"], run.log["loss"])
    return ax


def unlabelled(run):
    """Numbers of which nobody knows what they are."""
    return run.network.recurrent


def silent(path: Annotated[str, typer.Argument()]) -> None:
    """Says nothing of its argument."""


WRONG = [
    (testing.check_loss, Uphill, "its error is minus the derivative of its value"),
    (testing.check_loss, Mislinked, "its error is what its link 'softmax' says"),
    (testing.check_optimiser, Restless, "a weight of rate 0 stays as it is"),
    (testing.check_feedback, Mixing, "element of arrays is element of each of their numbers"),
    (testing.check_task, Generous, "the targets score exactly 1"),
    (testing.check_parametrisation, Careless, "pull is the transposed derivative of map by strength"),
    (testing.check_engine, Louder, "simulates as the reference does .*: outputs"),
    (testing.check_plasticity, Grudging, "reward raises the drive of the winner"),
    (testing.check_context, Nameless, "a docstring says what it is"),
    (testing.check_unroll, Jacobi(sweeps=1), "simulates as the reference does"),
    (testing.check_plot, selfish, "it returns the axes that it was given"),
    (testing.check_dynamics, unlabelled, "it returns a Dataset or a DataArray"),
    (testing.check_command, silent, "--help says what path means"),
]


@pytest.mark.parametrize(("check", "wrong", "law"), WRONG, ids=[getattr(wrong, "__name__", "jacobi") for _, wrong, _ in WRONG])
def test_what_breaks_a_law_is_told_which(check, wrong, law):
    with pytest.raises(AssertionError, match=law) as told:
        check(wrong)
    assert re.match(r"\w+: ", str(told.value)) and "\n" not in str(told.value)


def test_a_rule_that_says_it_is_exact_is_held_to_it():
    with pytest.raises(AssertionError, match="Boastful: it is exact: of leaky_tanh, .* changes by minus the slope of the loss"):
        testing.check_rule(Boastful, engine="reference")


def test_a_cell_and_a_filter_are_checked_without_compiling():
    class Forgetful(Tanh):
        """Keeps nothing, and hears nothing either."""

        @staticmethod
        def step(h, u):
            return 0 * h + 0 * u

    with pytest.raises(AssertionError, match="Forgetful: a network of it learns to report a held input"):
        testing.check_cell(Forgetful, engine="reference")
    testing.check_filter("step_size", engine="reference")
