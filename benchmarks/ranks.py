"""One network over processes: compute, gather and wait of a time step, beside a model, and what the model says of machines that are not here.

    python benchmarks/ranks.py [--quick] [--json] [--out data/ranks.json]

Leaky tanh units, one trial, RFLO, one thread a process, gloo on one machine; cases in turn, round after round, in one job of torchrun, so that
what else the machine does falls on all of them. ``trial``: forward pass and change after it; ``step``: weights that change at every step. ``ms`` is a
time step, of which ``compute``, ``gather`` (once all ranks are there) and ``wait`` (for the slowest) are means over ranks; ``model`` is a step of
one rank divided by the ranks, and ``alone``, a gather timed by itself. First tables: one size over more ranks, then N squared over ranks kept. Last
table: the model alone, of what one rank takes here and the gathers that are said.
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
from report import main_of_file

from neurorec.timing.ranks import Case, measured, predicted

STRONG = ((2048, (1, 2)), (4096, (1, 2)), (8192, (1, 2, 4)))
WEAK = ((4096, 1), (5792, 2), (8192, 4))  # units, ranks: N^2 / ranks kept
QUICK_STRONG, QUICK_WEAK = ((64, (1, 2)),), ((64, 1), (128, 2))
WORKS = ("trial", "step")
LARGE, BYTES = (
    32_768,
    {"trial": 4, "step": 16},
)  # bytes of memory that a step moves for each synapse: weights read; and traces and weights, read and written
ELSEWHERE = (  # what, ranks, seconds of a gather, bytes a second that one rank's memory moves (None: as here)
    ("64 processes, gloo between machines", 64, 3e-4, None),
    ("64 processes, MPI over InfiniBand", 64, 3e-5, None),
    ("8 GPUs, NCCL", 8, 2e-5, 4.3e12),
)


def measure(quick: bool) -> list[dict[str, Any]]:
    strong = [(units, ranks) for units, each in (QUICK_STRONG if quick else STRONG) for ranks in each]
    sizes = list(dict.fromkeys([*strong, *(QUICK_WEAK if quick else WEAK)]))
    cases = [Case(units, ranks, 1, work) for units, ranks in sizes for work in WORKS]
    found = {(row["units"], row["ranks"], row["work"]): row for row in measured(cases, 5 if quick else 20, 2 if quick else 5)}
    rows = [beside_the_model("strong", found, units, ranks, work) for units, ranks in strong for work in WORKS]
    rows += [beside_the_model("weak", found, units, ranks, work) for units, ranks in (QUICK_WEAK if quick else WEAK) for work in WORKS]
    largest = max(units for units, ranks in strong if ranks == 1)
    return rows + [row for work in WORKS for row in elsewhere(found[largest, 1, work])]


def beside_the_model(scaling: str, found: dict[Any, dict[str, Any]], units: int, ranks: int, work: str) -> dict[str, Any]:
    """Of strong scaling the same network on one rank, of weak scaling the smallest network: what is divided by, and what the model starts from."""
    row, first = (
        found[units, ranks, work],
        min(size for size, count, kind in found if kind == work and count == 1) if scaling == "weak" else units,
    )
    first = WEAK[0][0] if scaling == "weak" and (WEAK[0][0], 1, work) in found else first
    one = found[first, 1, work]["ms"]
    alike = one * (units / first) ** 2  # on one rank
    between = {name: row[name] if ranks > 1 else 0 for name in ("gather", "wait", "alone")}
    return {
        "scaling": scaling, **{name: row[name] for name in ("units", "ranks", "work", "ms", "low", "high", "compute")}, **between,
        "model": predicted(row, alike), "speed_up": alike / row["ms"],
    }  # fmt: skip


def elsewhere(here: dict[str, Any]) -> list[dict[str, Any]]:
    """The model, of a larger network on machines that nobody measured."""
    work, rows = here["work"], []
    for what, ranks, gather, bandwidth in ELSEWHERE:
        one = here["ms"] * (LARGE / here["units"]) ** 2 if bandwidth is None else 1e3 * BYTES[work] * LARGE**2 / bandwidth
        step = one / ranks + 1e3 * gather
        rows.append(
            {
                "model_of": what,
                "units": LARGE,
                "ranks": ranks,
                "work": work,
                "one_rank_ms": one,
                "gather_ms": 1e3 * gather,
                "ms": step,
                "speed_up": one / step,
            }
        )
    return rows


if __name__ == "__main__":
    main_of_file(measure, __doc__, "ranks")
