"""How the cost of a step grows with units and with trials, beside the matrix products alone: a picture.

    python benchmarks/scaling.py [--out runs] [--quick] [--json]

Writes ``scaling.png`` to ``--out``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
from report import parser, print_machine, print_rows

from neurorec.timing.machine import machine
from neurorec.timing.updates import STEPS, against_the_floor

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = (16, 32, 64, 128, 256, 512, 1024)
TRIALS = (1, 2, 4, 8, 16, 32, 64, 128)
COLUMNS = {
    "one trial": ("units", "trials", 1),
    "32 trials": ("units", "trials", 32),
    "256 units": ("trials", "units", 256),
}  # along, fixed, at
LABELS = {"forward": "forward pass", "rflo": "RFLO update", "bptt": "BPTT update"}
AXES = {"units": "units $N$", "trials": "trials side by side $B$"}


def measure(quick: bool) -> list[dict[str, Any]]:
    sizes = {(n, b) for n in UNITS for b in (1, 32)} | {(256, b) for b in TRIALS}
    if quick:
        return [row for n in UNITS[:2] for row in against_the_floor(n, 1, steps=10, repeats=3, window=0.0005)]
    return [row for size in sorted(sizes) for row in against_the_floor(*size, STEPS, repeats=9, window=0.005)]


def draw(rows: list[dict[str, Any]], path: Path) -> Path:
    """Above, time a step; below, the part of it that the products alone take."""
    import matplotlib

    matplotlib.use("Agg")
    from neurorec.plots import panels

    figure, axes = panels(2, len(COLUMNS), width=2.5, height=2.2)
    for (title, (along, fixed, at)), (times, fractions) in zip(COLUMNS.items(), axes.T, strict=True):
        shown = sorted((row for row in rows if row[fixed] == at), key=lambda row: row[along])
        for work in LABELS:
            _lines([row for row in shown if row["work"] == work], along, times, fractions)
        _axes(times, fractions, title, AXES[along])
    _share(axes)
    axes[0, 0].set_ylabel("time per step (µs)", fontsize=9)
    axes[1, 0].set_ylabel("fraction of the ceiling", fontsize=9)
    axes[0, 0].plot([], [], "--", color="0.4", lw=0.8, label="products alone")
    axes[0, 0].legend(loc="upper left", fontsize=7.5, frameon=False, borderaxespad=0.2)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return path


def _lines(rows: list[dict[str, Any]], along: str, times: Axes, fractions: Axes) -> None:
    """Of one kind of work: measured in full, its floor dashed in the same colour, quartiles shaded."""
    if not rows:
        return
    x = [row[along] for row in rows]
    (line,) = times.plot(x, [row["us_per_step"] for row in rows], "o-", ms=2.5, lw=1.2, label=LABELS[rows[0]["work"]])
    times.plot(x, [row["floor_us_per_step"] for row in rows], "--", color=line.get_color(), lw=0.8)
    fractions.plot(x, [row["fraction"] for row in rows], "o-", ms=2.5, lw=1.2, color=line.get_color())
    fractions.fill_between(x, [row["low"] for row in rows], [row["high"] for row in rows], color=line.get_color(), alpha=0.2, lw=0)


def _axes(times: Axes, fractions: Axes, title: str, along: str) -> None:
    times.set_title(title, fontsize=9)
    times.set_yscale("log")
    fractions.set_ylim(0, 1.1)
    fractions.set_xlabel(along, fontsize=9)
    fractions.axhline(1, color="0.6", lw=0.6, zorder=0)
    for ax in (times, fractions):
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _share(axes: Any) -> None:
    """One scale of time for all panels of the upper row."""
    lows, highs = zip(*(ax.get_ylim() for ax in axes[0]), strict=True)
    for ax in axes[0]:
        ax.set_ylim(min(lows), max(highs))


if __name__ == "__main__":
    settings = parser(__doc__)
    settings.add_argument("--out", type=Path, default=Path("runs"), help="folder for the picture")
    given = settings.parse_args()
    about = machine()
    print_machine(about)
    found = measure(given.quick)
    print_rows(found)
    print(f"picture: {draw(found, given.out / 'scaling.png')}")
    if given.json:
        print(json.dumps({"machine": about, "rows": found}))
