"""What torchrun says to the processes that it starts: read without torch and numpy, which take long to load."""

from __future__ import annotations

import os
from collections.abc import Mapping

TORCHRUN = "TORCHELASTIC_RUN_ID"  # torchrun sets it in every process that it starts


def rank_here() -> int:
    """This process's rank, where torchrun started it; else 0."""
    return int(os.environ.get("RANK", 0)) if TORCHRUN in os.environ else 0


def beside_each_other() -> int:
    """How many ranks torchrun started on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", 1)) if TORCHRUN in os.environ else 1


def starts() -> int:
    """How often torchrun has started the ranks before, each time after one was lost."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))


def without_rank(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for processes that are no ranks of their own."""
    return {name: value for name, value in environment.items() if name != TORCHRUN}
