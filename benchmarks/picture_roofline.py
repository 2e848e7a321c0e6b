"""The roofline: rate of the matrix products against arithmetic intensity, from the rows of scaling, step_updates, ceilings.

Counted is what no way of doing the work avoids. FLOP: those of the matrix products. Bytes, in float32: weights once for each
product that reads them, once more where they change, and the activity that products and units read and write:

==================  ===========  ======================
work                FLOP a step  numbers moved a step
==================  ===========  ======================
forward pass        2 B N^2      N^2 + 3 B N
RFLO                4 B N^2      N^2 (1 + 1/T) + 7 B N
BPTT                6 B N^2      N^2 (2 + 1/T) + 9 B N
RFLO, every step    2 B N^2      2 N^2 + 3 B N
==================  ===========  ======================

Reads alone are faster than copies, and small networks stay in the first cache: points may lie above a line of copies.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = dict[str, Any]
COUNTS: dict[str, tuple[int, Callable[[int, int, int], float]]] = {
    "forward": (2, lambda n, b, _: n**2 + 3 * b * n),
    "rflo": (4, lambda n, b, t: n**2 * (1 + 1 / t) + 7 * b * n),
    "bptt": (6, lambda n, b, t: n**2 * (2 + 1 / t) + 9 * b * n),
    "rflo, every step": (2, lambda n, b, _: 2 * n**2 + 3 * b * n),
}  # FLOP a step over B N^2; float32 numbers moved a step
TITLES = {"forward": "forward pass", "rflo": "RFLO", "bptt": "BPTT"}
DARKEST_YELLOW = 0.9  # of the colour map: beyond it lines are faint on white
ASIDE = 1.25  # from the left edge to the names of the lines, and room for them
CACHES = ("L2", "L3", "DRAM")  # of the copies, from the smallest


def intensity(row: Row) -> float:
    """FLOP per byte."""
    operations, moved = COUNTS[row["work"]]
    n, b = row["units"], row["trials"]
    return operations * b * n**2 / (4 * moved(n, b, row["steps"]))


def rate(row: Row) -> float:
    """GFLOP/s."""
    return COUNTS[row["work"]][0] * row["trials"] * row["units"] ** 2 / row["us_per_step"] / 1e3


def draw(result: dict[str, list[Row]], path: Path) -> Path:
    """A panel for each kind of work, a line for each number of units, a dot for each number of trials."""
    import matplotlib

    matplotlib.use("Agg")
    from neurorec.plots import panels

    figure, axes = panels(1, 3, width=2.45, height=2.75)
    units = sorted({row["units"] for row in result["scaling"]})
    colours = {n: matplotlib.colormaps["viridis"](DARKEST_YELLOW * k / max(1, len(units) - 1)) for k, n in enumerate(units)}
    for ax, (work, title) in zip(axes, TITLES.items(), strict=True):
        _measured(ax, [row for row in result["scaling"] if row["work"] == work], colours)
        ax.set_title(title, fontsize=9.5)
        ax.set_xlabel("FLOP per byte")
    _every_step(axes[1], result["step_updates"], colours)
    axes[0].set_ylabel("GFLOP/s")
    _share(axes)
    for ax in axes:
        _ceilings(ax, result["ceilings"])
    handles = [axes[0].plot([], [], "o-", color=colour, ms=4, lw=1.1, label=f"$N$ = {n}")[0] for n, colour in colours.items()]
    handles += axes[1].plot([], [], "D", mfc="white", mec="0.3", mew=1.1, ms=4, label="weights change every step")
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=200)
    return path


def _measured(ax: Axes, rows: list[Row], colours: dict[int, Any]) -> None:
    ax.set_xscale("log")
    ax.set_yscale("log")
    for units, colour in colours.items():
        shown = sorted((row for row in rows if row["units"] == units), key=lambda row: (row["trials"], row["steps"]))
        shown = list({row["trials"]: row for row in shown}.values())  # of several lengths the longest
        ax.plot([intensity(row) for row in shown], [rate(row) for row in shown], "o-", color=colour, ms=3.4, lw=1.0)


def _every_step(ax: Axes, rows: list[Row], colours: dict[int, Any]) -> None:
    for row in rows:
        if row["units"] in colours:
            ax.plot(intensity(row), rate(row), "D", mfc="white", mec=colours[row["units"]], mew=1.1, ms=4)


def _ceilings(ax: Axes, rows: list[Row]) -> None:
    """The best large product, and copies from each level of memory up to it."""
    peak = max(row["gflop_per_s"] for row in rows if row.get("product") == "square")
    copies = sorted((row for row in rows if "copy_bytes" in row), key=lambda row: row["copy_bytes"])
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for name, row in zip(CACHES, copies, strict=False):
        corner, start = peak / row["gb_per_s"], ASIDE * max(left, bottom / row["gb_per_s"])
        ax.plot([left, corner], [left * row["gb_per_s"], peak], color="0.55", lw=0.8, zorder=0)
        ax.annotate(
            name, (start, start * row["gb_per_s"]), xytext=(-2, 2), textcoords="offset points", fontsize=6.5, color="0.35",
            rotation=_angle(ax), rotation_mode="anchor",
        )  # fmt: skip
    ax.plot([peak / copies[0]["gb_per_s"], right], [peak, peak], color="0.2", lw=0.9, zorder=0)
    ax.annotate(f"sgemm {peak:.0f}", (right, peak), xytext=(-1, 2), textcoords="offset points", ha="right", fontsize=7.5, color="0.2")
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, max(top, 1.6 * peak))


def _angle(ax: Axes) -> float:
    """Of a line of slope 1 on both logarithmic axes, in degrees on paper."""
    import numpy as np

    ax.figure.draw_without_rendering()
    start, end = ax.transData.transform([(1, 1), (10, 10)])
    return float(np.degrees(np.arctan2(*(end - start)[::-1])))


def _share(axes: Any) -> None:
    """One scale for all panels, with room for the ceilings."""
    limits = [(ax.get_xlim(), ax.get_ylim()) for ax in axes]
    for ax in axes:
        ax.set_xlim(min(x[0] for x, _ in limits) / ASIDE**3, max(x[1] for x, _ in limits))
        ax.set_ylim(min(y[0] for _, y in limits), 1.5 * max(y[1] for _, y in limits))
