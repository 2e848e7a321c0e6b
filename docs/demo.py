"""The picture of the README, from the runs that ``make demo`` leaves in runs/: python docs/demo.py [folder of runs]."""

from __future__ import annotations

import sys
from pathlib import Path

import neurorec as nr

HERE = Path(__file__).parent


def main(runs: Path) -> None:
    figure, (traces, curves, alignments) = nr.plots.panels(1, 3, width=3.2, height=2.7)
    nr.plots.outputs(runs / "recorded_pattern_rflo_0.h5", ax=traces)
    for rule in ("rflo", "bptt"):
        seeds = sorted(runs.glob(f"periodic_output_{rule}_*.h5"))
        nr.plots.learning_curve(seeds, ax=curves, label=rule.upper())
        nr.plots.alignment(seeds, ax=alignments, label=rule.upper())
    agreement = traces.get_title(loc="left").replace("of variance explained", "of variance")
    for ax, title in zip((traces, curves, alignments), (f"EEG, RFLO, {agreement}", *["periodic output, 3 seeds"] * 2), strict=True):
        ax.set_title(title, loc="left", pad=17, fontsize=9)
    figure.savefig(HERE / "_static" / "demo.png", dpi=150)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "runs")
