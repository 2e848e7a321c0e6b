"""What must hold before any test module is imported, and what a mark means."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import io
import json
import os
import runpy
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

# Before numpy is imported, or it is too late: sums come out in the same order on every machine, and two test processes
# do not fight over two cores. A test of many threads starts a process of its own with these set otherwise.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("MPLBACKEND", "Agg")  # figures are files here, never windows
# NEUROREC_CACHE stays as it is: kernels compiled by one test process are used by the next.

import pytest  # noqa: E402

if find_spec("hypothesis") is not None:  # tests/gpu run where only some packages are, and do without it
    import hypothesis

    # The same examples on every run, and no deadline: the first call of a kernel compiles it.
    hypothesis.settings.register_profile("neurorec", deadline=None, derandomize=True, max_examples=30)
    hypothesis.settings.register_profile("thorough", deadline=None, derandomize=True, max_examples=300)
    hypothesis.settings.load_profile("thorough" if os.environ.get("NEUROREC_TESTS") == "thorough" else "neurorec")


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, dict]]:
    """The quick form of a script in tasks/, with a few more words, run once for all tests: the folder it filled, and what it said."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared

    def made(stem: str, *words: str) -> tuple[Path, dict]:
        name = "_".join(["quick", stem, *words])
        folder, said = shared / name, shared / f"{name}.json"
        folder.mkdir(exist_ok=True)
        with Path(shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be at it
            if not said.exists():
                said.write_text(_last_line_of(stem, "--quick", "--seed", "1", "--out", str(folder), "--json", *words))
        return folder, json.loads(said.read_text())

    return made


def _last_line_of(stem: str, *words: str) -> str:
    import matplotlib.pyplot as plt

    script = Path(__file__).parents[1] / "tasks" / f"{stem}.py"
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        patch.setattr(sys, "argv", [str(script), *words])
        runpy.run_path(str(script), run_name="__main__")
    plt.close("all")
    return said.getvalue().splitlines()[-1]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not _has_cuda_device():
        pytest.skip("this machine has no CUDA device")


@functools.cache
def _has_cuda_device() -> bool:
    import torch

    return torch.cuda.is_available()
