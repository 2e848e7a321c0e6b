"""A batch of trials over processes: each has the whole network and some of the trials, or some rows and all of the trials, beside a model.

    python benchmarks/shared_trials.py [--quick] [--json] [--out data/shared_trials.json]

Leaky tanh units, trials of 100 steps, RFLO, weights that change after the batch, one thread a process, gloo on one machine; cases in turn, round after
round, in one job of torchrun. ``ms`` is a batch, of which ``compute``, ``exchange`` (once all ranks are there: one sum of the change, or a gather a step)
and ``wait`` (for the slowest) are means over ranks. ``model`` is what the exchange takes by itself, and a batch on one rank: of rows divided by the ranks;
of trials one of as many trials as each rank has.
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
from report import main_of_file

from neurorec.timing.ranks import Case, measured, predicted

BATCHES = ((256, 32), (512, 32), (1024, 32), (2048, 16))  # units, trials
QUICK = ((64, 4),)
DIVIDED = {"shared": "trials", "trial": "rows"}
STEPS, RANKS = 100, 2


def measure(quick: bool) -> list[dict[str, Any]]:
    steps = 20 if quick else STEPS
    sizes = [(units, trials, work) for units, trials in (QUICK if quick else BATCHES) for work in DIVIDED]
    each = ((1, 1), (RANKS, 1), (1, RANKS))  # ranks, and what the trials are divided by
    found = measured(
        [Case(units, ranks, trials // by, work) for units, trials, work in sizes for ranks, by in each], steps, 2 if quick else 7
    )
    one = {(row["units"], row["trials"], row["work"]): row["ms"] for row in found if row["ranks"] == 1}
    kept = [row for row in found if (row["units"], row["trials"], row["work"]) in sizes]
    return [of_a_batch(row, one, steps) for row in kept]


def of_a_batch(row: dict[str, Any], one: dict[Any, float], steps: int) -> dict[str, Any]:
    """Milliseconds a batch, where `measured` has those of a step; `one` is what one rank takes for a step, by units, trials and work."""
    alone, part = (one[row["units"], trials, row["work"]] for trials in (row["trials"], row["trials"] // row["ranks"]))
    parts = {
        "ms": row["ms"],
        "low": row["low"],
        "high": row["high"],
        "compute": row["compute"],
        "exchange": row["gather"],
        "wait": row["wait"],
    }
    if row["ranks"] == 1:  # which has nobody to wait for
        parts |= {"exchange": 0, "wait": 0}
    model = predicted(row, part if row["work"] == "shared" else alone)
    return {
        "divided": DIVIDED[row["work"]], **{name: row[name] for name in ("units", "trials", "ranks")},
        **{name: steps * value for name, value in {**parts, "model": model}.items()}, "speed_up": alone / row["ms"],
    }  # fmt: skip


if __name__ == "__main__":
    main_of_file(measure, __doc__, "shared_trials")
