"""Laws of a parametrisation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurorec.discovery import names, resolve
from neurorec.errors import NeurorecError
from neurorec.networks.network import Network
from neurorec.runs.open_run import open_run
from neurorec.simulation.simulate import simulate
from neurorec.simulation.weight_change import weight_change
from neurorec.testing._cases import Sizes, trials
from neurorec.testing._laws import alike, documented, hold
from neurorec.training.train import resume, train

SIZE = Sizes(units=6, inputs=2, outputs=2, steps=6, trials=3)


def check_parametrisation(parametrisation: Any, engine: Any = "numba") -> None:
    """Hold a parametrisation to its laws.

    `pull` is the transposed derivative of `map`; a value is found again; networks start where the map is; exact rules move the
    free parameters down the loss, on an engine as in the reference; six hundred updates stay in its range; files keep it, and a run
    that is resumed ends with the same bits.

    Parameters
    ----------
    parametrisation : parametrisation, class or name
        Of a class derived from `neurorec.AbstractParametrisation`.
    engine : str or engine
        Beside the reference.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    law = resolve("parametrisations", parametrisation)
    documented(type(law))
    cell = cell_for(law)
    for free, read in _somewhere(law, cell):
        _check_pull(law, free)
        _check_found_again(law, free, read)
    _check_start(law, cell)
    _check_descent(law, cell)
    for rule in names("rules"):
        _check_rule(law, cell, rule, engine)
    for rule in ("bptt", "rflo"):
        _check_stays(law, cell, rule, engine)
    _check_files(law, cell, engine)


def cell_for(law: Any) -> str:
    """The first cell whose recurrent weights the map can make: a unitary one needs units with two outputs."""
    for cell in dict.fromkeys(("leaky_tanh", "complex_modrelu", *names("cells"))):
        try:
            _network(law, cell, 1)  # of an even number, real units could be taken for half as many complex ones
        except NeurorecError:
            continue
        return cell
    raise AssertionError(f"{type(law).__name__}: some cell's recurrent weights can be made by it; none of {', '.join(names('cells'))} can")


def _network(law: Any, cell: str, units: int = SIZE.units, seed: int = 0) -> Network:
    return Network.random(SIZE.inputs, units, SIZE.outputs, cell=cell, sparsity=0.3, parametrisation=law, seed=seed)


def _somewhere(law: Any, cell: str) -> Iterator[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """Free parameters away from the start, for stacks of square blocks, with the other weights that it reads; and those alone."""
    shown = _network(law, cell).readout.shape[1] // SIZE.units
    for seed, (n, blocks) in enumerate(((1, 1), (2, 1), (3, 2), (5, 3), (12, 1))):
        rng = np.random.default_rng(seed)
        loop = {"readout": rng.normal(size=(2, n)), "feedback": rng.normal(size=(n, 2))}
        read = {name: loop[name] for name in law.reads}
        rows = (1 if law.reads else blocks) * shown * n
        free = {**law.start(rng.normal(size=(rows, shown * n)), n, rng, **read), **read}
        moved = {name: free[name] + rng.normal(size=free[name].shape) * rng.uniform() for name in law.learnt}
        yield {**free, **moved}, read


def _check_pull(law: Any, free: dict[str, np.ndarray]) -> None:
    rng = np.random.default_rng(1)
    wanted = rng.normal(size=law.map(free).shape)
    pulled = law.pull(free, wanted)
    hold(set(law.learnt) <= pulled.keys() <= {*law.learnt, *law.reads}, law, f"pull gives a change of each of {law.learnt}", list(pulled))
    for name, found in pulled.items():
        hold(found.shape == free[name].shape, law, f"pull gives a change of {name} of shape {free[name].shape}", found.shape)
        way = rng.normal(size=found.shape)
        ends = [(wanted * law.map({**free, name: free[name] + sign * 1e-6 * way})).sum() for sign in (1, -1)]
        apart = abs((ends[0] - ends[1]) / 2e-6 - (found * way).sum()) / max(np.linalg.norm(found) * np.linalg.norm(way), 1e-3)
        hold(apart <= 1e-6, law, f"pull is the transposed derivative of map by {name}, to 1e-6", f"{apart:.1e}")


def _check_found_again(law: Any, free: dict[str, np.ndarray], read: dict[str, np.ndarray]) -> None:
    value = law.map(free)
    again = law.of(value, **read)
    found = {name: array.shape for name, array in again.items()}
    hold(found == law.shapes(value.shape, again), law, f"of({value.shape} weights) gives the shapes that shapes says", found)
    apart = np.abs(law.map({**again, **read}) - value).max()
    hold(apart < 1e-9, law, "map of what of finds is the same weights, to 1e-9", f"{apart:.1e}")


def _all_of(law: Any, net: Network) -> dict[str, np.ndarray]:
    return {**net.free, **{name: getattr(net, name) for name in law.reads}}


def _check_start(law: Any, cell: str) -> None:
    for n in (1, 2, 5):
        net = _network(law, cell, n)
        hold(net.learnt == law.learnt, law, f"a network learns {law.learnt}", net.learnt)
        hold(np.array_equal(net.recurrent, law.map(_all_of(law, net))), law, f"a network of {n} units starts with map(free) as its weights")
    one, other = _network(law, cell, 5), _network(law, cell, 5, seed=1)
    hold(not np.array_equal(one.recurrent, other.recurrent), law, "another seed is another network")


def _check_descent(law: Any, cell: str) -> None:
    net, data = _network(law, cell, 4), trials(SIZE).take(np.arange(SIZE.trials))
    data = type(data)(data.inputs, data.targets, dt=net.dt)
    net = net.replace(free={**net.free, **{name: net.free[name] + 0.05 for name in net.learnt}})  # away from a kink at zero
    change = weight_change(net, data, rule="bptt", engine="reference")
    for name in net.learnt:
        way = np.random.default_rng(0).normal(size=net.free[name].shape)
        moved = (net.replace(free={**net.free, name: net.free[name] + sign * 1e-6 * way}) for sign in (1, -1))
        ends = [simulate(each, data, engine="reference").loss.mean() for each in moved]
        expected, found = -(ends[0] - ends[1]) / 2e-6, (change[name] * way).sum()
        hold(
            abs(found - expected) <= 1e-5 * abs(expected) + 1e-9,
            law,
            f"bptt moves {name} by minus the slope of the loss, {expected:.3e}",
            found,
        )


def _data(net: Network) -> Any:
    made = trials(SIZE)
    return type(made)(made.inputs, made.targets, dt=net.dt)


def _check_rule(law: Any, cell: str, rule: str, engine: Any) -> None:
    net = _network(law, cell)
    ours, definition = (weight_change(net, _data(net), rule=rule, engine=each) for each in (engine, "reference"))
    alike(ours, definition, resolve("engines", engine).tolerance, law, f"{rule} on {engine} changes what it changes in the reference")
    moves = resolve("rules", rule).may_change("recurrent")
    hold(
        all(bool(np.any(definition[name])) == moves for name in net.learnt),
        law,
        f"{rule} moves {net.learnt} if it may change recurrent: {moves}",
    )


def _check_stays(law: Any, cell: str, rule: str, engine: Any) -> None:
    net = _network(law, cell, 16)
    how: dict[str, Any] = {"rule": rule, "trials": 1800, "batch": 3, "rate": 0.01, "optimiser": "adam", "clip": 1.0}
    made = train(net, _data(net), engine=engine, progress=False, **how).network
    hold(np.abs(made.recurrent - net.recurrent).max() > 0.1, law, f"600 updates by {rule} move its weights")
    hold(np.array_equal(made.recurrent, law.map(_all_of(law, made))), law, f"after 600 updates by {rule} the weights are map(free)")
    for name in law.fixed:
        hold(np.array_equal(made.free[name], net.free[name]), law, f"{name} is fixed")
    for name, smallest in law.lower_bounds.items():
        hold(made.free[name].min() >= smallest, law, f"{name} stays at or above {smallest}", made.free[name].min())
    again = law.of(made.recurrent, **{name: getattr(made, name) for name in law.reads})
    apart = np.abs(law.map({**_all_of(law, made), **again}) - made.recurrent).max()
    hold(apart < 1e-5, law, f"after 600 updates by {rule} the weights are {law.range}: of finds them again, to 1e-5", f"{apart:.1e}")


def _check_files(law: Any, cell: str, engine: Any) -> None:
    net = _network(law, cell)
    data, how = _data(net), {"rule": "bptt", "engine": engine, "batch": 3, "rate": 0.01, "optimiser": "adam", "progress": False}
    whole = train(net, data, trials=60, **how).network
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        train(net, data, trials=30, path=path, **how)
        trust = [type(law)]
        ends = (resume(path, trials=60, task=data, progress=False, trust=trust).network, open_run(path, trust=trust).network)
        net.save(Path(folder) / "net.h5")
        back = Network.load(Path(folder) / "net.h5", trust=trust)
    for name, array in net.free.items():
        hold(np.array_equal(back.free[name], array), law, f"a file keeps {name} to the bit")
        hold(
            all(np.array_equal(end.free[name], whole.free[name]) for end in ends),
            law,
            f"a training that is resumed ends with the same bits of {name}",
        )
