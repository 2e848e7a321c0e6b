"""What a measurement depends on beside the code."""

from __future__ import annotations

import os
import platform
from typing import Any

from threadpoolctl import threadpool_info

from neurorec.runs.provenance import git_commit, versions


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
