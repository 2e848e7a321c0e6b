"""Table of papers.rst: every experiment of the papers that this project is made after; our numbers are read from data/. python docs/papers.py"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from comparison import DATA, HERE
from figures import said, table

COLUMNS = ("experiment", "command (python tasks/...)", "run here", "found here", "in the paper", "missing")
Facts = dict[str, Any]


class Row(NamedTuple):
    """An experiment: its command, the size that was run, where our number is, what the paper says, and what is missing here."""

    experiment: str
    command: str
    size: str
    found: str
    paper: str = "a figure, no number"
    missing: str = ""


def main() -> None:
    sections = "\n".join(table(title, COLUMNS, [run_or_not(each) for each in rows()]) for title, rows in PAPERS.items())
    (HERE / "_static" / "papers.txt").write_text(sections)


def run_or_not(row: Row) -> Row:
    return row if row.found else row._replace(size="none", found="not run")


def results(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text())["results"]


def waveform(*names: str) -> str:
    """Median final losses of Figure 2's conditions; a condition that was not run is left out."""
    found = {name: each for entry in results("figure_2").values() for name, each in entry["result"]["conditions"].items()}
    return "; ".join(f"{name.replace('_', ' ')} {said(found[name]['loss'][1])}" for name in names if name in found)


def both(*names: str) -> str:
    return waveform(*(f"{name}_{form}" for name in names for form in ("literal", "clipped")))


def movements() -> str:
    found = {
        name: each
        for entry in results("movement_sequence").values()
        for way in entry["result"]["ways"].values()
        for name, each in way.items()
    }
    shown = {"loop": "square", "RFLO": "rflo_literal", "BPTT": "bptt_literal", "BPTT clipped": "bptt_clipped"}
    return "end-points off by: " + ", ".join(f"{name} {said(found[key]['endpoint_error']['quartiles'][1])}" for name, key in shown.items())


def intervals(*names: str) -> str:
    found = results("interval_matching")
    lines = []
    for name in names:
        (each,) = found[name]["result"]["each"].values()
        correlations = sorted(one["end"]["correlation"] for one in each)
        lines.append(
            f"{name.split('_')[0].upper()} {correlations[len(correlations) // 2]:.2f} ({sum(c > 0.95 for c in correlations)} of {len(each)} above .95)"
        )
    return "correlation at the end: " + ", ".join(lines)


def variant(name: str, key: str, form: Callable[[float], str] = said) -> str:
    """A number of gradient_variants.json: median, and how many seeds; nothing where it was not run."""
    entry = results("gradient_variants").get(name)
    if entry is None:
        return ""
    return f"{form(entry['result'][key])} ({len(entry['result']['seeds'])} {'seed' if len(entry['result']['seeds']) == 1 else 'seeds'})"


def murray() -> Iterator[Row]:
    figure = "figure_2.py --parts"
    yield Row(
        "Fig 2a-c, periods of 20 to 160 tau",
        f"{figure} length",
        "the paper's, 9 networks",
        both("rflo_20", "bptt_20", "rflo_160", "bptt_160"),
    )
    factorial = ("bptt_80", "random_feedback_bptt_80", "local_only_80", "rflo_80")
    yield Row("2d, local influence x random feedback", f"{figure} factorial", "the paper's, 9 networks", both(*factorial))
    yield Row(
        "S1, Dale's law",
        f"{figure} dale",
        "9 networks",
        both("dale_20", "dale_40", "dale_80", "dale_160"),
        missing="literal at the rates without Dale's law: the paper gives no others",
    )
    yield Row("S2, which weights learn", f"{figure} ablation", "9 networks", both("rflo_20", "readout_fed_back", "readout", "recurrent"))
    yield Row("S3, units and gain", f"{figure} size gain", "9 networks", both("units_10", "units_100", "gain_0.5", "gain_2"))
    yield Row("Fig 3, intervals up to 15 tau", "interval_matching.py", "the paper's, RFLO 4 times its trials", intervals("rflo", "bptt"))
    for tau in (20, 25):
        yield Row(
            f"Fig 3, up to {tau} tau",
            f"interval_matching.py --longest {tau / 10}",
            "the paper's, RFLO 4 times its trials",
            intervals(f"rflo_{tau}tau", f"bptt_{tau}tau"),
        )
    yield Row(
        "Fig 4, a sequence of movements",
        "movement_sequence.py",
        "the paper's, 5 networks",
        movements(),
        missing="velocity profile, holds and rates are ours: the paper gives none",
    )


def orthogonal() -> Iterator[Row]:
    share = lambda value: f"{value:.3f} of the best loss without memory"  # noqa: E731
    mnist = "MNIST's files (yours to fetch), a GPU"
    yield Row(
        "scoRNN, copying, T = 1000, n = 190",
        "copying_memory.py --units 190 --delay 1000",
        "600 of its 10,000 updates",
        variant("copy1000_scornn", "loss_over_baseline", share),
    )
    yield Row(
        "scoRNN, copying",
        "copying_memory.py",
        "T = 100, n = 64, 600 updates",
        variant("copy100_scornn", "loss_over_baseline", share),
        "not in it",
    )
    yield Row(
        "scoRNN, adding, T = 200, n = 170",
        "adding_problem.py --units 170 --length 200",
        "4000 of its 20,000 updates",
        variant("adding200_scornn", "mse"),
    )
    yield Row(
        "scoRNN, adding, T = 400, n = 170",
        "adding_problem.py --units 170 --length 400",
        "4000 of its 20,000 updates",
        variant("adding400_scornn", "mse"),
    )
    yield Row(
        "scoRNN, MNIST by pixels, also permuted",
        "pixel_digits.py --folder mnist --network scornn",
        "8 x 8 digits only",
        "",
        "98.5, permuted 96.6 % (n = 512)",
        mnist,
    )
    yield Row(
        "scuRNN, copying, T = 2000, n = 130",
        "copying_memory.py --network scurnn --units 130 --rate theta=1e-4 --delay 2000 --iterations 2000 --seeds 1",
        "the paper's 2000 updates",
        variant("copy2000_scurnn", "loss_over_baseline", share),
    )
    yield Row(
        "scuRNN, adding, T = 750, n = 116",
        "adding_problem.py --network scurnn --units 116 --length 750",
        "2000 of 60,000 updates",
        variant("adding750_scurnn", "mse"),
        missing="not run: hours of one core",
    )
    yield Row(
        "scoRNN, scuRNN, ENRNN, TIMIT",
        "speech_frames.py --folder timit",
        "none",
        "",
        "not compared: frames are scaled otherwise",
        "TIMIT (licensed), a GPU",
    )
    yield Row(
        "ENRNN, copying, T = 2000, n = 172 + 20",
        "copying_memory.py --network enrnn --units 192 --set short=20 --set negative=52 --rate skew=1e-5 --delay 2000 --iterations 4000 --seeds 1",
        "the paper's 4000 updates",
        variant("copy2000_enrnn", "loss_over_baseline", share),
    )
    yield Row(
        "ENRNN, adding, characters of Penn Treebank",
        "adding_problem.py --network enrnn; character_text.py",
        "none",
        "",
        "not retrievable",
        "a GPU; the corpus",
    )


def momentum() -> Iterator[Row]:
    digits = results("gradient_variants")["digits"]["result"]
    rates = ", ".join(
        f"{name} {digits[f'accuracy_{name}']:.2f}" for name in ("lstm", "step_size_lstm", "momentum_lstm", "adam_lstm", "rmsprop_lstm")
    )
    yield Row(
        "MNIST by pixels, LSTM of 256",
        "pixel_digits.py --folder mnist --units 256",
        "8 x 8 digits, 48 units, 60 epochs",
        rates,
        "LSTM 98.90, momentum 99.08 %",
        "MNIST's files, a GPU",
    )
    yield Row(
        "TIMIT, LSTM of 158",
        "speech_frames.py --folder timit --units 158",
        "none",
        "",
        "mean squared error: LSTM 9.33, step size alone 6.00, momentum 5.87",
        "TIMIT (licensed), a GPU",
    )
    yield Row(
        "Penn Treebank by words",
        "word_text.py --file ptb",
        "none",
        "",
        "perplexity: LSTM 59.71, step size alone 58.62",
        "the corpus, a GPU; their dropouts",
    )


def others() -> Iterator[Row]:
    yield Row(
        "SBO-RNN, adding, T = 100",
        "adding_problem.py --network sbo --iterations 1200",
        "the paper's T, n = 64",
        f"mean squared error {variant('adding_sbo', 'mse')}; sparse {variant('adding_sbo_sparse', 'mse')}",
    )
    yield Row(
        "SBO-RNN, MNIST by pixels, HAR-2, Penn Treebank",
        "pixel_digits.py --network sbo --folder mnist",
        "none",
        "",
        "98.85 %; 95.59 %; perplexity 116.31",
        "MNIST's files, HAR-2, the corpus, a GPU",
    )
    remainder = results("gradient_variants")["taylor_remainder"]["result"]
    arms = ", ".join(
        f"{name.replace('_', ' ')} {remainder[f'right_{name}']['mean']:.3f}" for name in ("none", "lagrange_0.1", "bound_1", "gaussian_0.1")
    )
    yield Row(
        "Mind the Remainder",
        "taylor_remainder.py",
        "digits by rows, 6 seeds",
        arms,
        "not retrievable",
        "the method: ours is a reconstruction from the abstract; videos and captions",
    )
    bits = ", ".join(f"{name} {variant(key, 'bits_per_character', lambda value: f'{value:.3f}')}" for name, key in SWEEPS.items())
    yield Row(
        "Approximate fixed points, Penn Treebank and WikiText-2",
        "character_text.py --unroll jacobi --sweeps 4",
        "text that comes with Python",
        f"bits per character: {bits}",
        "not retrievable",
        "the corpora",
    )


SWEEPS = {"exact": "text", "K = 4": "text_jacobi_4", "K = 8": "text_jacobi_8"}
PAPERS = {
    "Murray 2019: random-feedback local online learning": murray,
    "Helfrich 2018, Maduranga 2019, Helfrich and Ye 2020: orthogonal, unitary, eigenvalue-normalised": orthogonal,
    "Nguyen 2020: MomentumRNN": momentum,
    "Zhang 2021, Guan 2022, Wang and Ragni 2021": others,
}

if __name__ == "__main__":
    main()
