"""How the cost of a step grows with units, trials and steps, against the matrix products alone, and two pictures of it.

    python benchmarks/scaling.py [--out runs] [--quick] [--json]

Forward pass, RFLO and BPTT for 64 to 4096 units and 1 to 1024 trials, without the sizes at which one step takes longer than
some tens of milliseconds; fewer steps where they are long. Writes ``scaling.png`` to ``--out``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import picture_scaling
from report import parser, print_machine, print_rows

from neurorec.timing.platforms import machine
from neurorec.timing.updates import STEPS, against_the_floor

UNITS = (64, 128, 256, 512, 1024, 2048, 4096)
TRIALS = (1, 8, 64, 256, 1024)
LARGEST = 2**28  # trials x synapses: a step of BPTT takes 20 ms there
WORK = 2**30  # (trials + TRIAL) x units x (units + UNIT) x steps: about a tenth of a second for BPTT
UNIT = 512  # what is not a product costs as much as so many synapses a unit
TRIAL = 8  # and reading large weights for one trial as much as products of so many
FEWEST = 4  # steps, however large the network
LENGTHS = {(128, 8): (10, 30, 100, 300, 1000, 3000)}  # units, trials: steps


def measure(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [row for n in (16, 32) for row in against_the_floor(n, 1, steps=10, repeats=3, window=0.0005)]
    return [row for size in sizes() for row in against_the_floor(*size, repeats=5, window=0.003)]


def sizes() -> list[tuple[int, int, int]]:
    """Units, trials, steps."""
    grid = [(n, b, steps(n, b)) for n in UNITS for b in TRIALS if b * n**2 <= LARGEST]
    return sorted({*grid, *((*size, length) for size, lengths in LENGTHS.items() for length in lengths)})


def steps(units: int, trials: int) -> int:
    return max(FEWEST, min(STEPS, WORK // ((trials + TRIAL) * units * (units + UNIT))))


if __name__ == "__main__":
    settings = parser(__doc__)
    settings.add_argument("--out", type=Path, default=Path("runs"), help="folder for the picture")
    given = settings.parse_args()
    about = machine()
    print_machine(about)
    found = measure(given.quick)
    print_rows(found)
    print(f"picture: {picture_scaling.draw(found, [], given.out / 'scaling.png')}")
    if given.json:
        print(json.dumps({"machine": about, "rows": found}))
