"""How cost grows with units, with trials and with steps: three panels from the rows of scaling.py and step_updates.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = dict[str, Any]
WORKS = {
    "forward": ("forward pass", "o", "#0072B2"), "rflo": ("RFLO", "s", "#D55E00"), "bptt": ("BPTT", "^", "#009E73"),
    "rflo, every step": ("RFLO, every step", "D", "#CC79A7"),
}  # fmt: skip
STEPS = 200  # of the panels over units and trials, where sizes allow
FEW, MANY, UNITS, LENGTHS = 1, 64, 256, (128, 8)
GUIDE = {"color": "0.45", "lw": 0.9, "ls": (0, (4, 3)), "zorder": 0}


def draw(rows: list[Row], every_step: list[Row], path: Path) -> Path:
    """Median time and quartiles, on logarithmic axes; dashed, what N^2, B and T would give."""
    import matplotlib

    matplotlib.use("Agg")
    from neurorec.plots import panels

    figure, axes = panels(1, 3, width=2.45, height=2.75)
    _over_units(axes[0], _grid(rows), every_step)
    _over_trials(axes[1], _grid(rows))
    _over_steps(axes[2], rows)
    for ax, letter in zip(axes, "abc", strict=True):
        ax.annotate(letter, (0, 1), xytext=(-32, 7), xycoords="axes fraction", textcoords="offset points", fontweight="bold", fontsize=10)
    handles = [_handle(axes[0], *look) for look in WORKS.values()]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8.5, frameon=False, columnspacing=1.6)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=200)
    return path


def _over_units(ax: Axes, rows: list[Row], every_step: list[Row]) -> None:
    for trials, filled in ((FEW, False), (MANY, True)):
        _lines(ax, "units", [row for row in rows if row["trials"] == trials], filled)
    _lines(ax, "units", every_step, filled=False)
    _finish(ax, "units $N$", "time per step (µs)", f"open: $B$ = {FEW}; filled: $B$ = {MANY}")
    _guide(ax, "units", [row for row in rows if row["trials"] == MANY and row["work"] == "bptt"], 2, "$N^2$")


def _over_trials(ax: Axes, rows: list[Row]) -> None:
    shown = [row for row in rows if row["units"] == UNITS]
    _lines(ax, "trials", shown)
    _finish(ax, "trials at once $B$", "time per step (µs)", f"$N$ = {UNITS}")
    _guide(ax, "trials", [row for row in shown if row["work"] == "bptt"], 1, "$B$")


def _over_steps(ax: Axes, rows: list[Row]) -> None:
    shown = [row for row in rows if (row["units"], row["trials"]) == LENGTHS]
    _lines(ax, "steps", shown, scale=lambda row: row["steps"] / 1e3)
    _finish(ax, "steps $T$", "time per batch (ms)", f"$N$ = {LENGTHS[0]}, $B$ = {LENGTHS[1]}")
    _guide(ax, "steps", [row for row in shown if row["work"] == "bptt"], 1, "$T$", scale=lambda row: row["steps"] / 1e3)


def _grid(rows: Iterable[Row]) -> list[Row]:
    """Without the sizes that are there for their length alone."""
    return [row for row in rows if (row["units"], row["trials"]) != LENGTHS or row["steps"] == STEPS]


def _lines(ax: Axes, along: str, rows: list[Row], filled: bool = True, scale: Callable[[Row], float] = lambda _: 1.0) -> None:
    for work, (_, marker, colour) in WORKS.items():
        shown = sorted((row for row in rows if row["work"] == work), key=lambda row: row[along])
        if not shown:
            continue
        x = [row[along] for row in shown]
        median, low, high = ([row[name] * scale(row) for row in shown] for name in ("us_per_step", "us_low", "us_high"))
        ax.fill_between(x, low, high, color=colour, alpha=0.25, lw=0)
        ax.plot(x, median, marker=marker, color=colour, lw=1.1, ms=3.6, mew=0.9, mfc=colour if filled else "white")


def _guide(ax: Axes, along: str, rows: list[Row], power: int, label: str, scale: Callable[[Row], float] = lambda _: 1.0) -> None:
    """Through twice the time of the largest size, so that it lies above all lines."""
    if not rows:
        return
    first, last = (pick(rows, key=lambda row: row[along]) for pick in (min, max))
    top = 2 * last["us_per_step"] * scale(last)
    x = (first[along], last[along])
    y = [top * (each / last[along]) ** power for each in x]
    low = ax.get_ylim()[0]
    ax.plot(x, y, **GUIDE)
    ax.set_ylim(low, 3 * top)
    ax.annotate(label, (x[1], y[1]), xytext=(-3, 1), textcoords="offset points", ha="right", va="bottom", color="0.35", fontsize=9)


def _finish(ax: Axes, x: str, y: str, what: str) -> None:
    if ax.has_data():
        ax.set_xscale("log")
        ax.set_yscale("log")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.set_title(what, fontsize=8.5)


def _handle(ax: Axes, label: str, marker: str, colour: str) -> Any:
    (line,) = ax.plot([], [], marker=marker, color=colour, lw=1.1, ms=4, label=label)
    return line
