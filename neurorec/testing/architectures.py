"""Laws of an architecture."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from neurorec.discovery import class_of
from neurorec.engines.torch import TorchEngine
from neurorec.networks.module_network import ModuleNetwork
from neurorec.runs.record import Record
from neurorec.simulation.simulate import simulate
from neurorec.testing._cases import Sizes, trials
from neurorec.testing._laws import close, documented, hold
from neurorec.training.train import train

SIZE = Sizes(units=5, inputs=2, outputs=3, steps=7, trials=3)


def check_architecture(architecture: Any, **settings: Any) -> None:
    """Hold a torch module to the laws of an architecture: its trials do not know of one another, a file keeps it, and it learns.

    Parameters
    ----------
    architecture : class, or its name
        As `neurorec.AbstractArchitecture` says.
    **settings
        Those without a default.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    cls = class_of("architectures", architecture)
    documented(cls)
    engine = TorchEngine(dtype="float64")
    for inputs, units, outputs in ((1, 1, 1), (SIZE.inputs, SIZE.units, SIZE.outputs)):
        net = ModuleNetwork.random(cls, inputs, units, outputs, dt=0.02, settings=settings, seed=0)
        hold((net.inputs, net.units, net.outputs) == (inputs, units, outputs), cls, "it has the sizes asked for")
    data = trials(SIZE)
    found = simulate(net, data, engine=engine)
    for k in range(SIZE.trials):
        alone = simulate(net, data.take(np.array([k])), engine=engine)
        close(alone.outputs[:, 0], found.outputs[:, k], 1e-10, cls, "a trial on its own is as it is beside others")
    _check_learning(cls, net, data, engine)


def _check_learning(cls: Any, net: Any, data: Any, engine: Any) -> None:
    how: dict[str, Any] = {"rule": "bptt", "optimiser": "adam", "rate": 0.003, "trials": 150, "batch": 3, "clip": 1.0}
    run = train(net, data, engine=engine, record=Record.nothing(), progress=False, **how)
    loss = run.log["loss"].values
    first, last = loss[:15].mean(), loss[-15:].mean()
    hold(last < first, cls, "50 updates by bptt lower a loss", f"{first:.3g} to {last:.3g}")
    with tempfile.TemporaryDirectory() as folder:
        run.network.save(Path(folder) / "net.h5")
        back = ModuleNetwork.load(Path(folder) / "net.h5", trust=[cls])
    hold(all(np.array_equal(part, back.parts()[name]) for name, part in run.network.parts().items()), cls, "a file keeps it to the bit")
