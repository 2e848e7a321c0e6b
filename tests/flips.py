"""Bytes of a run file flipped one at a time: what the library makes of each.

``python tests/flips.py 1000`` flips a thousand bytes of each of two files, a finished run and a killed one, and prints a table.
Every flip is answered three times, by a reader, by ``Network.load`` and by ``resume``: with what the undamaged file
gives ("same"), with one sentence ("refused"), or wrongly: other numbers without a word ("silent"), another exception ("raw").
A process that dies of it is counted ("crash"), and another goes on with the next flip.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import neurorec as nr
from neurorec.errors import NeurorecError
from neurorec.runs import trial_log
from neurorec.training.journal import Journal

TRIALS, KILLED = 24, 14
WRONG = ("silent", "raw", "crash")


def make(folder: Path) -> dict[str, Path]:
    """A finished run, and what a kill in its course would have left."""
    paths = {name: folder / f"{name}.h5" for name in ("finished", "killed")}
    task = nr.task("centre_out_velocity", duration=0.05, dt=0.01)
    net = nr.Network.random(task.n_inputs, 5, task.n_outputs, dt=0.01, noise=0.01)

    record, kept, checkpoint = nr.Record(("h", "output"), every=3, checkpoints=4), trial_log.FLUSH_SECONDS, Journal.checkpoint

    def copying(journal: Journal) -> None:
        checkpoint(journal)
        if journal.done == KILLED:
            shutil.copy(paths["finished"], paths["killed"])

    trial_log.FLUSH_SECONDS, Journal.checkpoint = 0.0, copying  # one after every batch
    try:
        nr.train(
            net, task, trials=TRIALS, batch=2, optimiser="adam", rate=0.003, engine="reference", record=record, path=paths["finished"],
            progress=False,
        )  # fmt: skip
    finally:
        trial_log.FLUSH_SECONDS, Journal.checkpoint = kept, checkpoint
    return paths


def read(path: Path) -> str:
    """Everything that a run holds, as a digest."""
    run = nr.open_run(path)
    networks = [run.network, *(run.checkpoint(trial) for trial in run.checkpoints)]
    values = [*(each.stored() for each in networks), run.log.to_dict(), run.trajectories().to_dict()]
    return _digest([run.config, {k: v for k, v in run.about.items()}, run.total, run.done, run.checkpoints, values])


def load(path: Path) -> str:
    """The network of a run."""
    return _digest(nr.Network.load(path).stored())


def resume(path: Path) -> str:
    """What the run is in the end; not how long it took."""
    run = nr.resume(path, progress=False)
    return _digest([run.network.stored(), run.log.drop_vars("seconds").to_dict(), run.trajectories().to_dict(), run.done])


ANSWERS: dict[str, Callable[[Path], str]] = {"read": read, "load": load, "resume": resume}


def flips(path: Path, count: int, seed: int = 0) -> list[tuple[int, int]]:
    """Offsets, and what the byte there is XORed with."""
    rng = np.random.default_rng(seed)
    return list(zip(rng.integers(0, path.stat().st_size, count).tolist(), rng.integers(1, 256, count).tolist(), strict=True))


def answers(path: Path, wanted: dict[str, str], offset: int, mask: int) -> dict[str, str]:
    """What becomes of one flip."""
    found = {}
    for name, ask in ANSWERS.items():
        with tempfile.TemporaryDirectory() as folder:
            damaged = Path(folder) / "run.h5"
            data = bytearray(path.read_bytes())
            data[offset] ^= mask
            damaged.write_bytes(data)
            found[name] = _answer(ask, damaged, wanted[name])
    return found


def _answer(ask: Callable[[Path], str], path: Path, wanted: str) -> str:
    try:
        return "same" if ask(path) == wanted else "silent"
    except NeurorecError as error:
        return "refused" if "\n" not in str(error) else f"raw: {error}"
    except BaseException as error:
        return f"raw: {type(error).__name__}: {error}"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=_plain, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return [str(value.dtype), value.tolist()]
    return str(value)


def _work(path: Path, count: int, first: int) -> None:
    """In a process of its own: a line a flip."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = {}
        for name, ask in ANSWERS.items():
            wanted[name] = ask(Path(shutil.copy(path, Path(folder) / f"{name}.h5")))
        for number, (offset, mask) in list(enumerate(flips(path, count)))[first:]:
            print(json.dumps(["at", number, offset, mask]), flush=True)
            print(json.dumps(["is", number, answers(path, wanted, offset, mask)]), flush=True)


def results(path: Path, count: int) -> Iterator[tuple[int, dict[str, str]]]:
    """Every flip's answers, whatever dies."""
    first = 0
    while first < count:
        command = [sys.executable, __file__, "--worker", str(path), str(count), str(first)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as worker:
            for line in worker.stdout or ():
                kind, number, *rest = json.loads(line)
                if kind == "is":
                    yield number, rest[0]
                    first = number + 1
        if worker.wait() != 0 or first < count:
            yield first, {"read": "crash"}
            first += 1


def main(count: int) -> None:
    """Flip, and print how often what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, path in make(Path(folder)).items():
            found = [answer for _, answer in results(path, count)]
            print(f"{name} run of {path.stat().st_size} bytes, {count} flips")
            for ask in ANSWERS:
                counts = Counter(each.get(ask, "").partition(":")[0] for each in found if ask in each)
                print(f"  {ask:<8}", "  ".join(f"{kind} {counts[kind]}" for kind in ("same", "refused", *WRONG)))
            raw = Counter(value[:110] for each in found for value in each.values() if value.startswith("raw"))
            for text, times in raw.most_common(12):
                print(f"    {times:5}  {text}")


if __name__ == "__main__":
    if sys.argv[1] == "--worker":
        _work(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        main(int(sys.argv[1]))
