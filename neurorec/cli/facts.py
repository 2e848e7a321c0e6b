"""What a command found out, for people or as JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from neurorec.display import briefly, escaped
from neurorec.process.rank import rank_here

if TYPE_CHECKING:
    import numpy as np

    from neurorec.runs.run import Run
    from neurorec.runs.runs import Runs
    from neurorec.sweeps.status import Status

RECENT = 100  # trials whose mean is the final loss


def summary(run: Run) -> dict[str, Any]:
    """What a training came to; numbers that there are not are None."""
    done = run.done
    log = run.log.isel(trial=slice(done))
    return {
        "task": run.config["task"], "rule": run.config["rule"], "engine": run.config["engine"], "done": done, "total": run.total,
        "final_loss": _last(log["loss"].values, RECENT), "alignment": _last(log["alignment"].values), "seconds": _last(log["seconds"].values),
        "path": str(run.path),
    }  # fmt: skip


def of_each(found: Run | Runs, facts: Callable[[Run], dict[str, Any]]) -> dict[str, Any]:
    """The facts of a run; of the runs of many networks what is true of all once, and what differs from one to the next as a list."""
    from neurorec.runs.run import Run

    if isinstance(found, Run):
        return facts(found)
    each = [facts(run) for run in found]
    return {"networks": len(each), **_together(each)}


def _together(each: list[Any]) -> Any:
    if all(isinstance(one, Mapping) and one.keys() == each[0].keys() for one in each):
        return {name: _together([one[name] for one in each]) for name in each[0]}
    return each[0] if all(one == each[0] for one in each) else each


def show(facts: Mapping[str, Any], as_json: bool) -> None:
    """One JSON object; or a table, which is plain lines where the output is no terminal. Of ranks the first shows it."""
    if rank_here():
        return
    if as_json:
        print(json.dumps(_finite(facts)))
    elif sys.stdout.isatty():
        _print_table(_rows(facts))
    else:
        _print_lines(list(_rows(facts)))


def show_status(found: Status, as_json: bool) -> None:
    """How far a sweep is: a row a count, a row a running point and a failed one; or one JSON object."""
    if as_json:
        print(json.dumps(found.as_dict()))
        return
    facts = {name: value for name, value in found.as_dict().items() if name != "failures"}
    running = {
        f"running on {owner.host}": f"process {owner.pid}, trial {owner.done}, loss {owner.loss:.4g}" for owner in found.owners.values()
    }
    show(facts | running | {f"failed: {point}": said for point, said in found.failures.items()}, as_json=False)


def _last(values: np.ndarray, n: int = 1) -> float | None:
    return float(values[-n:].mean()) if len(values) else None


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_table(rows: Iterable[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    Console().print(table)


def _print_lines(rows: list[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in rows)
    print("\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in rows))


def _rows(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """A row a fact; settings that belong together are one row, without those that are not set."""
    for name, value in facts.items():
        if isinstance(value, Mapping):
            inner = {each: found for each, found in value.items() if isinstance(found, Mapping) and found}
            told = {each: found for each, found in value.items() if not isinstance(found, Mapping) and found not in (None, "", [])}
            if told:
                yield escaped(f"{prefix}{name}"), escaped(briefly(told))
            yield from _rows(inner, f"{prefix}{name}.")
        else:
            yield escaped(f"{prefix}{name}"), escaped(value) if value and isinstance(value, str) else briefly(value)
