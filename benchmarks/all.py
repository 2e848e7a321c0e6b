"""Every CPU benchmark in one run, and a file of the numbers: data/benchmarks_cpu.json was made by this.

    taskset -c 1 python benchmarks/all.py --out runs --machine "2 shared x86-64 cores"

Takes about six minutes on a quiet machine, ``--quick`` half a minute. Peers that are not installed are left out, with a line that says so.
"""

from __future__ import annotations

import json
import shlex
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import ceilings
import copying
import memory
import peer_braintrace
import peer_brian2
import peer_jax_scan
import peer_numpy_trace
import peer_torch_autograd
import peer_torch_compiled
import peer_torch_rnn
import picture_roofline
import picture_scaling
import scaling
import step_updates
import updates
from numbers_file import one_row_a_line, rounded
from report import parser, print_machine, print_rows

from neurorec.timing.platforms import machine

BENCHMARKS = (
    ceilings, updates, step_updates, memory, peer_numpy_trace, peer_torch_autograd, peer_torch_compiled, peer_torch_rnn,
    peer_jax_scan, peer_braintrace, peer_brian2, copying, scaling,
)  # fmt: skip
PEERS = ("torch", "jax", "braintrace", "brian2")


def main() -> None:
    settings = arguments().parse_args()
    settings.out.mkdir(parents=True, exist_ok=True)
    about = {"command": shlex.join(["python", *sys.argv]), **machine(), "machine": settings.machine}
    print_machine(about)
    result = {each.__name__: measured(each, settings.quick) for each in BENCHMARKS}
    about["versions"] |= {name: version(name) for name in PEERS if find_spec(name)}
    about["load_after"] = machine()["load"]  # what else ran meanwhile
    draw(result, settings.out)
    facts = {**about, "result": rounded(result)}
    (settings.out / "benchmarks_cpu.json").write_text(one_row_a_line(facts))
    if settings.json:
        print(json.dumps(facts))


def draw(result: dict[str, list[dict[str, Any]]], out: Path) -> None:
    picture_scaling.draw(result["scaling"], result["step_updates"], out / "scaling.png")
    picture_roofline.draw(result, out / "roofline.png")


def arguments() -> Any:
    made = parser(__doc__)
    made.add_argument("--out", type=Path, default=Path("runs"), help="folder for benchmarks_cpu.json and the pictures")
    made.add_argument("--machine", default="", help="the machine in words")
    return made


def measured(benchmark: Any, quick: bool) -> list[dict[str, Any]]:
    print(f"\n{benchmark.__doc__.splitlines()[0]}")
    rows = benchmark.measure(quick)
    print_rows(rows)
    return rows


if __name__ == "__main__":
    main()
