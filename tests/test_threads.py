"""Threads: an engine that several share, first calls at once in a fresh process, and what belongs to the whole process."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from breadth import THOROUGH
from cases import ORDINARY, Sizes, network, trials

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.engines.torch import TorchEngine
from neurorec.engines.unrolled import UnrolledEngine
from neurorec.process.one_thread import Overlapping

MANY, LONG = 4, Sizes(units=24, inputs=2, outputs=2, steps=150, trials=3)


def answers(engine, net, data) -> list[np.ndarray]:
    simulated, change = nr.simulate(net, data, engine=engine), nr.weight_change(net, data, rule="rflo", engine=engine)
    return [simulated.outputs, simulated.states["h"], *change.values()]


def at_once(jobs) -> list:
    """The results of some functions, all of which begin together in threads of their own."""
    ready = threading.Barrier(len(jobs))

    def started(job):
        ready.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [each.result() for each in [pool.submit(started, job) for job in jobs]]


@pytest.mark.parametrize("made", [NumbaEngine, TorchEngine, UnrolledEngine])
def test_threads_that_share_an_engine_get_what_each_would_get_alone(made):
    size = LONG if made is NumbaEngine else ORDINARY
    nets, data = [network(size, seed=k) for k in range(MANY)], [trials(size, seed=k) for k in range(MANY)]
    alone = [answers(made(), *each) for each in zip(nets, data, strict=True)]
    shared = made()
    for _ in range(10 if made is NumbaEngine else 2):
        together = at_once([lambda k=k: answers(shared, nets[k], data[k]) for k in range(MANY)])
        for ours, theirs in zip(together, alone, strict=True):
            assert all((a == b).all() for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("update", ["trial", "step"])
def test_threads_that_share_an_engine_train_as_each_would_alone(update):
    nets, shared = [network(LONG, seed=k) for k in range(MANY)], NumbaEngine()

    def trained(net, engine):
        return nr.train(net, trials(LONG), engine=engine, trials=6, batch=3, update=update, rate=0.01, progress=False).network.recurrent

    alone = [trained(net, NumbaEngine()) for net in nets]
    together = at_once([lambda net=net: trained(net, shared) for net in nets])
    assert all((a == b).all() for a, b in zip(together, alone, strict=True))


def test_torch_modules_are_called_by_one_thread_at_a_time():
    """Torch puts the weights into a module that all networks of its kind share."""
    nets, data = [nr.ModuleNetwork.random("torch_gru", 2, 5, 3, dt=0.02, seed=k) for k in range(MANY)], trials(ORDINARY)
    alone = [nr.simulate(net, data, engine="torch").outputs for net in nets]
    for _ in range(5):
        together = at_once([lambda net=net: nr.simulate(net, data, engine="torch").outputs for net in nets])
        assert all((a == b).all() for a, b in zip(together, alone, strict=True))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda engine: pickle.loads(pickle.dumps(engine))])
def test_a_used_engine_can_be_copied_and_sent_to_another_process(copied):
    engine, net, data = NumbaEngine(dtype="float64", threads=2), network(ORDINARY), trials(ORDINARY)
    before = answers(engine, net, data)
    other = copied(engine)
    assert other.settings == engine.settings and other.tolerance == engine.tolerance
    assert all((a == b).all() for a, b in zip(answers(other, net, data), before, strict=True))


FIRST = """
import threading
import neurorec as nr
from cases import ORDINARY, network, trials
from concurrent.futures import ThreadPoolExecutor
from threadpoolctl import threadpool_info
import scipy.linalg

def limits():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

before, ready = limits(), threading.Barrier(4)

def first(k):
    ready.wait()
    return nr.train(network(ORDINARY, ("leaky_tanh", "gru")[k % 2]), trials(ORDINARY), trials=2 + 4 * k, rate=0.01, progress=False).log.loss.values

with ThreadPoolExecutor(4) as pool:
    losses = list(pool.map(first, range(4)))
assert (losses[0] == losses[2][:2]).all() and (losses[1] == losses[3][:6]).all(), losses
assert limits()[: len(before)] == before, (before, limits())
"""


def test_the_first_trainings_of_a_process_may_be_in_threads():
    paths = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parent)])
    environment = os.environ | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "1"}
    for _ in range(5 if THOROUGH else 1):
        done = subprocess.run([sys.executable, "-c", FIRST], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_what_overlaps_is_undone_by_the_last():
    threads = 8

    def one():
        nonlocal threads
        before, threads = threads, 1

        def undo():
            nonlocal threads
            threads = before

        return undo

    limit = Overlapping(one)
    limit.__enter__()
    limit.__enter__()
    limit.__exit__()
    assert threads == 1
    limit.__exit__()
    assert threads == 8
    with limit:
        assert threads == 1
    assert threads == 8
