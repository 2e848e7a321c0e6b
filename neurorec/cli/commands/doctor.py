"""``neurorec doctor``: what is installed, and whether it works."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from neurorec.cli.exits import FAILED, tell
from neurorec.cli.facts import show


def command(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Say what is installed, and check that a small training comes out right."""
    facts = {**_installed(), **_machine(), **_libraries(), "self_check": _self_check()}
    show(facts, as_json)
    if facts["self_check"] != "ok":
        raise typer.Exit(tell(f"the self-check {facts['self_check']}", FAILED))


def _installed() -> dict[str, Any]:
    import platform
    from importlib.metadata import requires

    from neurorec import __version__

    needed = [re.match(r"[\w.-]+", each).group() for each in requires("neurorec") or () if "extra ==" not in each]
    packages = {name: _version(name) for name in needed}
    return {"neurorec": __version__, "python": platform.python_version(), "platform": platform.platform(), "packages": packages}


def _version(package: str) -> str:
    """From what pip wrote down: nothing is imported for it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _machine() -> dict[str, Any]:
    from neurorec.formula.cache import folder

    return {
        "cpus": len(os.sched_getaffinity(0)),
        "cache": str(folder()),
        "cache_writable": _writable(folder()),
        "gpu": _gpu(),
    }


def _gpu() -> dict[str, Any]:
    """Driver, toolkit and device; Numba's CUDA is looked at only where there is a driver."""
    toolkit = {name: _version(name) for name in ("numba-cuda", "cuda-toolkit")}
    told = Path("/proc/driver/nvidia/version")
    if not told.exists():
        return {"driver": "none found", **toolkit}
    driver = re.search(r"(\d+\.\d+(?:\.\d+)?)", told.read_text())
    return {"driver": driver.group(1) if driver else "unknown", **toolkit, **_device()}


def _device() -> dict[str, Any]:
    try:
        from neurorec.engines.cuda.device import about

        return about()
    except Exception as error:  # whatever is broken here is what the doctor is to report
        return {"device": f"failed: {type(error).__name__}: {' '.join(str(error).split())}"}


def _writable(folder: Path) -> bool:
    """Also true of a folder that does not exist yet but can be made."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK)


def _libraries() -> dict[str, Any]:
    """What only the libraries themselves know; where one is missing, which."""
    try:
        import h5py
        import numba
        import scipy.linalg  # noqa: F401 - brings its BLAS, which Numba's products use
        from threadpoolctl import threadpool_info
    except ImportError as error:
        return {"libraries": f"not looked at: {error}"}
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {
        "numba_threads": numba.get_num_threads(),
        "blas": ", ".join(sorted({f"{pool['internal_api']} {pool['version']}" for pool in blas})) or None,
        "blas_threads": max((pool["num_threads"] for pool in blas), default=None),
        "hdf5": h5py.version.hdf5_version,
        "ceilings": _ceilings(),
    }


def _ceilings() -> dict[str, float]:
    """What the machine can do, which every speed is a fraction of."""
    from neurorec.timing.products import ceilings

    return ceilings()


def _self_check() -> str:
    """Train 20 trials by the compiled and by the reference engine: the weights must have changed alike."""
    try:
        ours, theirs = _change("numba"), _change("reference")
    except Exception as error:  # whatever is broken here is what the doctor is to report
        return f"failed: {type(error).__name__}: {' '.join(str(error).split())}"
    apart = float(abs(ours - theirs).max() / abs(theirs).max())
    return "ok" if apart < 1e-3 else f"failed: the weight changes of numba and reference differ by {apart:.1e} of the largest"


def _change(engine: str) -> Any:
    from neurorec.networks.network import Network
    from neurorec.runs.record import Record
    from neurorec.tasks import task
    from neurorec.training.train import train

    periodic = task("periodic_output", period=0.2)
    network = Network.random(periodic.n_inputs, 16, periodic.n_outputs)
    trained = train(network, periodic, engine=engine, trials=20, record=Record.nothing(), progress=False).network
    return trained.recurrent - network.recurrent
