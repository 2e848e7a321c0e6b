"""A sweep's folder: ``sweep.toml``, a run file for every point, ``results/`` and ``claims/``."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from neurorec.errors import RunFileError, ValueRefused
from neurorec.hdf5.publish import publishing
from neurorec.sweeps.plan import Plan
from neurorec.sweeps.toml_text import written

PLAN, RESULTS = "sweep.toml", "results"
HEAD = "# A sweep of neurorec: 'neurorec status' says how far it is, 'neurorec sweep' on this file goes on with it.\n\n"


def read_plan(path: Path) -> Plan:
    """What a sweep file describes: nothing in it is run, and no class is imported.

    Raises
    ------
    RunFileError
        If there is no such file, or it is no TOML.
    ValueRefused, UnknownName
        If it describes no sweep; the text begins with the file's name.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise RunFileError(f"there is no sweep file {path}; write one, or name the folder of a sweep that has its {PLAN}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RunFileError(f"{path} is no TOML ({error}); mend the line") from error
    except OSError as error:
        raise RunFileError(f"cannot read {path} ({error.strerror}); change its permissions or copy it") from error
    return Plan.from_dict(said)


@lru_cache(maxsize=8)
def _plan_as_of(path: Path, _changed: int) -> Plan:
    return read_plan(path)


def plan_of(folder: Path) -> Plan:
    """The plan of a sweep that was begun; read once in a process, and again where it has changed."""
    path = folder / PLAN
    return _plan_as_of(path, path.stat().st_mtime_ns if path.exists() else 0)


def keep_plan(folder: Path, plan: Plan) -> None:
    """Write the plan into a folder; one that is there may grow.

    Raises
    ------
    ValueRefused
        If the folder holds another sweep: one that began points that this one has not.
    RunFileError
        If it cannot be written.
    """
    path = folder / PLAN
    expect_own(folder, plan)
    if path.exists() and read_plan(path).as_dict() == plan.as_dict():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with publishing(path, overwrite=True) as aside:
            aside.write_text(HEAD + written(plan.as_dict()), encoding="utf-8")
    except OSError as error:
        raise RunFileError(f"cannot write {path} ({error.strerror or error}); choose a folder that can be written") from error


def expect_own(folder: Path, plan: Plan) -> None:
    """Refuse a folder that is another sweep's, or a file."""
    if folder.exists() and not folder.is_dir():
        raise ValueRefused(f"{folder} is no folder; choose another for the sweep")
    if not (folder / PLAN).exists():
        return
    names = {point.name for point in plan.points}
    if foreign := [point for point in plan_of(folder).points if point.name not in names and _begun(folder, point.name)]:
        raise ValueRefused(
            f"{folder} holds another sweep, whose {foreign[0]} is not in this one; choose another folder, or keep what is trained and add to it"
        )


def _begun(folder: Path, name: str) -> bool:
    """Whether there is anything of a point."""
    return run_path(folder, name).exists() or (folder / RESULTS / f"{name}.json").exists()


def run_path(folder: Path, name: str) -> Path:
    """Of a point's run file."""
    return folder / f"{name}.h5"


def keep_result(folder: Path, name: str, result: Mapping[str, Any]) -> None:
    """Write how a point ended, in one step."""
    path = folder / RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        aside.write_text(json.dumps(result), encoding="utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """How points ended, by their names; of those that have not, nothing."""
    found = {}
    with contextlib.suppress(FileNotFoundError), os.scandir(folder / RESULTS) as entries:
        for entry in entries:
            name, dot, ending = entry.name.partition(".")
            if (dot + ending) == ".json" and (said := result_of(folder, name)) is not None:
                found[name] = said
    return found


def result_of(folder: Path, name: str) -> dict[str, Any] | None:
    """How a point ended, if it did; what is no result counts as none, and the point is looked at again."""
    try:
        said = json.loads((folder / RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and said.get("state") in ("done", "failed") else None


def number_in(result: Mapping[str, Any], name: str) -> float:
    """A number of a result; not a number where there is none."""
    value = result.get(name)
    return float(value) if isinstance(value, int | float) else float("nan")
