"""What must hold before any test module is imported, and what a mark means."""

from __future__ import annotations

import contextlib
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
    """The quick form of a script in tasks/, with a few more words, run once a session: the folder it filled, and what it said."""

    @functools.cache
    def made(stem: str, *words: str) -> tuple[Path, dict]:
        import matplotlib.pyplot as plt

        script, folder = Path(__file__).parents[1] / "tasks" / f"{stem}.py", tmp_path_factory.mktemp(stem)
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
            patch.setattr(sys, "argv", [str(script), "--quick", "--seed", "1", "--out", str(folder), "--json", *words])
            runpy.run_path(str(script), run_name="__main__")
        plt.close("all")
        return folder, json.loads(said.getvalue().splitlines()[-1])

    return made


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not _has_cuda_device():
        pytest.skip("this machine has no CUDA device")


@functools.cache
def _has_cuda_device() -> bool:
    import torch

    return torch.cuda.is_available()
