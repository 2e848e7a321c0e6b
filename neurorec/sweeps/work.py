"""One point from wherever it stands to its end: what a worker does, whatever executes it, however often it is asked."""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from typing import Any

from neurorec.display import escaped
from neurorec.errors import NeurorecError, RunFileError
from neurorec.progress import NowAndThen
from neurorec.runs.open_file import ClosedFile
from neurorec.runs.run import Run
from neurorec.runs.run_reader import RunReader
from neurorec.sweeps.claims import Claim, Owner, claimed, deaths
from neurorec.sweeps.folder import keep_result, plan_of, result_of, run_path
from neurorec.sweeps.making import classes, made
from neurorec.sweeps.plan import WEIGHTS, Point
from neurorec.sweeps.stopping import Stopping
from neurorec.training.train import resume, train

TRIES = 2  # processes that a point may cost their lives
RECENT = 100  # trials whose mean is a final loss
AGAIN = "Sweep.run(again=True), or neurorec sweep --again, tries once more"
DONE, FAILED, BUSY = "done", "failed", "busy"
Result = dict[str, Any]


def work(path: str, again: bool = False, trust: bool = False, stop: Stopping | None = None) -> Result:
    """Train a point of a sweep: what is done is left, what was begun goes on to the same bits, what has failed is left unless `again`.

    Parameters
    ----------
    path : str
        Of the point's run file, whether there is one yet or not, in a folder that has its ``sweep.toml``.
    again : bool
        Try what has failed.
    trust : bool
        Import classes that are not neurorec's own: the caller knows who wrote the sweep.
    stop : Stopping, optional
        Of this process, if it listens to signals.

    Returns
    -------
    dict
        ``state``: "done", "failed" (with ``error``, a sentence) or "busy" (with ``who`` has it); ``name`` of the point, ``done``, ``loss``.

    Raises
    ------
    KeyboardInterrupt, SystemExit
        On a signal, after the batch under way; the file can be gone on with.
    """
    try:
        return _worked(Path(path).parent, Path(path).stem, again, trust, stop)
    except Exception as error:  # a disk that takes no claim, a sweep.toml that was changed: told, but not kept; the next run asks again
        return _told(error) | {"name": Path(path).stem}


def _worked(here: Path, name: str, again: bool, trust: bool, stop: Stopping | None) -> Result:
    if (point := plan_of(here).by_name.get(name)) is None:
        raise RunFileError(f"{here} is no longer the sweep of point {name}; run the sweep anew")
    if (ended := _ended(here, point, again)) is not None:
        return ended
    claim = claimed(here, name, _begun(run_path(here, name)))
    if isinstance(claim, Owner):
        return {"state": BUSY, "name": name, "done": claim.done, "loss": claim.loss, "who": str(claim)}
    try:
        return _ended(here, point, again) or _to_its_end(here, point, claim, trust, stop)
    finally:
        claim.release()


def _ended(here: Path, point: Point, again: bool) -> Result | None:
    """How it ended before, if that counts: a result without its run does not."""
    said = result_of(here, point.name)
    if said is None or (said["state"] == FAILED and again) or (said["state"] == DONE and not run_path(here, point.name).exists()):
        return None
    return said | {"name": point.name}


def _begun(path: Path) -> int:
    """Trials done; -1 where there is no file, or none that can be read: going on says why."""
    try:
        return RunReader.open(path).done if path.exists() else -1
    except RunFileError:
        return -1


def _to_its_end(here: Path, point: Point, claim: Claim, trust: bool, stop: Stopping | None) -> Result:
    died = deaths(here, point.name, claim.owner.begun)
    if died >= TRIES:
        result = _failed(
            f"{died} processes died over it, the last one after trial {max(claim.owner.begun, 0)}; was their memory short? {AGAIN}"
        )
    else:
        result = _trained(here, point, claim, trust, stop)
    if claim.lost:  # what became of it is another's to say
        return {
            "state": BUSY,
            "name": point.name,
            "done": claim.owner.done,
            "loss": claim.owner.loss,
            "who": "the process that took it over",
        }
    keep_result(here, point.name, result)
    return result | {"name": point.name}


def _trained(here: Path, point: Point, claim: Claim, trust: bool, stop: Stopping | None) -> Result:
    began = time.monotonic()
    try:
        run = _train(run_path(here, point.name), point, claim, trust, stop)
        if stop is not None and stop.received is not None and run.done < run.total:
            raise SystemExit(f"stopped after trial {run.done} of {run.total}")
        return _summary(run, run_path(here, point.name)) | {"wall": time.monotonic() - began}
    except Exception as error:  # diverged, the user's own cell or task, a machine without memory: the other points go on
        return _told(error)


def _train(path: Path, point: Point, claim: Claim, trust: bool, stop: Stopping | None) -> Run:
    network, task, how = made(point.settings, trust)

    def note(done: int, total: int, loss: float) -> bool:
        del total
        claim.note(done, loss)
        if claim.lost:
            raise RunFileError(f"{path} was taken over by another process, as this one was silent for too long")
        return stop is None or stop.received is None

    if not path.exists():
        return train(network, task, path=path, progress=NowAndThen(note), **how)
    return resume(path, task=task, progress=NowAndThen(note), trust=classes(network, task, how))


def _summary(run: Run, path: Path) -> Result:
    """Of a run that is done: its last row of the log, of the loss the mean of the last hundred."""
    log = RunReader(ClosedFile(path)).newest(RECENT)  # what this process has just written need not be looked through twice
    last = {name: float(values[-1]) if len(values) else float("nan") for name, values in log.items()}
    sizes = {name: list(getattr(run.network, name).shape) for name in WEIGHTS if hasattr(run.network, name)}
    return {"state": DONE, "done": int(last.pop("trial"))} | last | {"loss": float(log["loss"].mean()), "sizes": sizes}


def _told(error: Exception) -> Result:
    """An error in a sentence; of one that is not ours also where it came from."""
    if isinstance(error, NeurorecError):
        return _failed(str(error))
    return _failed(f"{type(error).__name__}: {error}") | {"traceback": "".join(traceback.format_exception(error))}


def _failed(sentence: str) -> Result:
    return {"state": FAILED, "error": escaped(" ".join(sentence.split()))}
