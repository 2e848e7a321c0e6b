"""Where a benchmark runs: the machine, an engine, the matrix products alone on the same hardware, and when a job is done there."""

from __future__ import annotations

import os
import platform
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from neurorec.discovery import names
from neurorec.runs.provenance import git_commit, versions
from neurorec.timing.products import gathering_product, recurrent_products

Job = Callable[[], object]
DRIVER = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidiactl"), Path("/dev/dxg"))  # one of them wherever a CUDA device is


class AbstractPlatform(ABC):
    """Hardware, and the engine that is measured on it.

    Attributes
    ----------
    engine : str
    """

    engine: str

    @abstractmethod
    def missing(self) -> str:
        """Why nothing can be measured here; empty where it can."""

    @abstractmethod
    def recurrent(self, units: int, n_trials: int, steps: int) -> Job:
        """W o(t) for every step, by the fastest way known here."""

    @abstractmethod
    def gathering(self, units: int, n_trials: int, steps: int) -> Job:
        """One product over trials x time, (N, B T) by (B T, N)."""

    @abstractmethod
    def finished(self, job: Job) -> Job:
        """The job, and then waiting until its work is done."""


class Processor(AbstractPlatform):
    """The CPU."""

    engine = "numba"

    def missing(self) -> str:
        """Nothing ever is."""
        return ""

    def recurrent(self, units: int, n_trials: int, steps: int) -> Job:
        """As `neurorec.timing.products`."""
        return recurrent_products(units, n_trials, steps)

    def gathering(self, units: int, n_trials: int, steps: int) -> Job:
        """As `neurorec.timing.products`."""
        return gathering_product(units, n_trials, steps)

    def finished(self, job: Job) -> Job:
        """A job of the CPU is done when it returns."""
        return job


class Device(AbstractPlatform):
    """A GPU: products by cuBLAS through torch, in float32 without TF32, those of all steps in one CUDA graph.

    Parameters
    ----------
    engine : str
    device : str
        torch's name of the device; ``"cpu"`` tries the code out where there is none.
    """

    def __init__(self, engine: str = "cuda", device: str = "cuda"):
        self.engine, self.device = engine, device

    def missing(self) -> str:
        """No such device, or no engine of that name."""
        if self.device != "cpu" and not _usable():
            return "no CUDA device that torch can use"
        known = names("engines")
        return "" if self.engine in known else f"no engine named {self.engine!r}; there are {', '.join(known)}"

    def recurrent(self, units: int, n_trials: int, steps: int) -> Job:
        """Without the host's part in launching them: a graph is launched once."""
        import torch

        x, out, columns = self._random(steps, n_trials, units), self._random(steps, n_trials, units), self._random(units, units)

        def products() -> None:
            for before, after in zip(x, out, strict=True):
                torch.mm(before, columns, out=after)

        return self._captured(products)

    def gathering(self, units: int, n_trials: int, steps: int) -> Job:
        """Of two different arrays, as on the CPU."""
        import torch

        a, b, out = self._random(n_trials * steps, units), self._random(n_trials * steps, units), self._random(units, units)
        return self._captured(lambda: torch.mm(a.T, b, out=out))

    def finished(self, job: Job) -> Job:
        """Kernels run on after the call that launched them has returned."""
        import torch

        if self.device == "cpu":
            return job

        def waiting() -> None:
            job()
            torch.cuda.synchronize(self.device)

        return waiting

    def facts(self) -> dict[str, Any]:
        """The device, its driver, and torch's versions."""
        import torch

        name = "CPU" if self.device == "cpu" else torch.cuda.get_device_name(self.device)
        driver = DRIVER[0].read_text().splitlines()[0] if DRIVER[0].exists() else ""
        return {"device": name, "driver": driver, "torch": torch.__version__, "cuda": torch.version.cuda or ""}

    def _random(self, *shape: int) -> Any:
        import torch

        return torch.randn(shape, generator=torch.Generator(self.device).manual_seed(0), device=self.device)

    def _captured(self, job: Job) -> Job:
        import torch

        if self.device == "cpu":
            return job
        torch.backends.cuda.matmul.allow_tf32 = False
        job()  # cuBLAS takes its memory now, which it may not do while a graph is captured
        torch.cuda.synchronize(self.device)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            job()
        return self.finished(graph.replay)


def _usable() -> bool:
    """Without torch, whose import takes seconds, where there is no driver."""
    if not any(each.exists() for each in DRIVER):
        return False
    import torch

    return torch.cuda.is_available()


def machine() -> dict[str, Any]:
    """Cores, threads in use, foreign load, versions and commit."""
    return {
        "cores": os.cpu_count(),
        "cores_allowed": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "threads": max((pool["num_threads"] for pool in threadpool_info()), default=1),
        "load": [round(each, 2) for each in os.getloadavg()],
        "versions": versions(),
        "blas": sorted({f"{pool['internal_api']} {pool['version']}" for pool in threadpool_info() if pool["user_api"] == "blas"}),
        "commit": git_commit(),
    }
