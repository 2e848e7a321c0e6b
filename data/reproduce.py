"""Make the numbers in data/ anew, or a sample of them, and compare.

    python data/reproduce.py                       # of every experiment, in place, each by its command: a day
    python data/reproduce.py interval_matching     # of one file
    python data/reproduce.py --list                # the commands, the commits at which they ran, and whether the code has changed since
    python data/reproduce.py --quick               # a sample of Figures 2 and 4, five minutes, beside what is committed

What was made by the code that is here, neurorec and the script as they were at the commit that stands beside the result, is left as it is, so that
whoever stops it, and commits what there is, goes on by the same command; `--again` makes it, too. Times are of a machine, and renewed there: by
`benchmarks/`, each file's own command. Runs are made in a new folder, so that nothing of before is read.

The quick way fails where the median of its three networks lies outside the committed quartiles, each widened to twice or half: on another
processor every digit differs after thousands of trials, and near a bifurcation one network learns where it did not.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent
TASKS = DATA.parent / "tasks"
FIGURES = ("figure_2", "movement_sequence")
SLACK = 2.0
RATES = f"--rates {DATA / 'figure_2.json'}"
SAMPLE = {
    "figure_2": f"python tasks/figure_2.py --parts factorial --seeds 3 {RATES} --json",
    "movement_sequence": "python tasks/movement_sequence.py --ways loop --seeds 3 --json",
}


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "files", nargs="*", default=experiments(), help="of data/, without .json (default: all that scripts in tasks/ made)"
    )
    parser.add_argument("--again", action="store_true", help="also what was made by the same code")
    parser.add_argument("--list", action="store_true", help="commands and commits, and nothing is run")
    parser.add_argument("--quick", action="store_true", help="a sample, which is compared and not kept")
    settings = parser.parse_args()
    if settings.quick:
        sys.exit("\n".join(compare()) or None)
    for name in settings.files:
        if name not in experiments():
            sys.exit(f"there is no experiment {name!r} in data/; there are {', '.join(experiments())}")
        show(name) if settings.list else renew(DATA / f"{name}.json", settings.again)


def experiments() -> list[str]:
    """Files whose results scripts in tasks/ made."""
    return [path.stem for path in sorted(DATA.glob("*.json")) if [*made_by_tasks(json.loads(path.read_text()))]]


def show(name: str) -> None:
    """What a file's results were made by, when, and whether they would be made anew."""
    for entry in made_by_tasks(json.loads((DATA / f"{name}.json").read_text())):
        print(f"{name:20} {entry['commit'][:10]} {'' if of_this_code(entry) else 'code changed':13} {entry['command']}")


def renew(file: Path, again: bool) -> None:
    """Every result in the file that other code made, by the command that stands beside it."""
    whole, now = json.loads(file.read_text()), commit()
    for entry in made_by_tasks(whole):
        if again or not of_this_code(entry):
            entry["result"], entry["commit"] = run(entry["command"]), now
            whole["versions"] = {name: platform.python_version() if name == "python" else version(name) for name in whole["versions"]}
            file.write_text(written(whole))


def of_this_code(entry: dict[str, Any]) -> bool:
    """Whether neither neurorec nor the script has changed since; of a commit that is not in this copy nobody knows."""
    computing = ["neurorec", shlex.split(entry["command"])[1]]
    words = ["git", "diff", "--quiet", entry["commit"], "--", *computing]
    return subprocess.run(words, cwd=DATA.parent, stderr=subprocess.DEVNULL).returncode == 0


def written(whole: Any) -> str:
    """JSON with an entry a line, and lists of numbers or words on one."""
    plain = re.compile(r"\[\s+([^][{}]*?)\s+\]")
    return plain.sub(lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]", json.dumps(whole, indent=1)) + "\n"


def made_by_tasks(whole: Any) -> Iterator[dict[str, Any]]:
    """Entries whose command is a script in tasks/, not what an earlier commit left."""
    kept = {name: value for name, value in whole.items() if name != "before"}
    return (entry for entry in entries(kept) if (TASKS.parent / shlex.split(entry["command"])[1]).parent == TASKS)


def entries(value: Any) -> Iterator[dict[str, Any]]:
    """All that have a command and what it gave."""
    if isinstance(value, dict) and {"command", "result"} <= value.keys():
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from entries(each)


def run(command: str) -> Any:
    """The last line of what a script prints, which works in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, *shlex.split(command)[1:], "--out", folder]
        print(command, file=sys.stderr)
        said = subprocess.run(words, cwd=DATA.parent, stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(said.splitlines()[-1])


def commit() -> str:
    """Of this copy of the repository."""
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=DATA, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def compare() -> list[str]:
    """What lies outside, each in a line."""
    found = []
    for name, command in SAMPLE.items():
        found += outside(committed(name), quartiles(run(command)))
    return found


def committed(name: str) -> dict[str, list[float]]:
    """Of all conditions in the file; those of an earlier commit, which it keeps under ``before``, are not compared."""
    whole = json.loads((DATA / f"{name}.json").read_text())
    return {condition: found for entry in whole["results"].values() for condition, found in quartiles(entry["result"]).items()}


def quartiles(result: dict[str, Any]) -> dict[str, list[float]]:
    """Of every condition: final losses of Figure 2, end-point errors of Figure 4."""
    if "conditions" in result:
        found = {name: each["loss"] for name, each in result["conditions"].items()}
    else:
        found = {
            f"{way} {name}": each["endpoint_error"]["quartiles"] for way, names in result["ways"].items() for name, each in names.items()
        }
    return {name: [math.inf if value is None else value for value in each] for name, each in found.items()}


def outside(before: dict[str, list[float]], fresh: dict[str, list[float]]) -> list[str]:
    """Conditions whose median is not where it was."""
    lines = []
    for name, (_, median, _) in fresh.items():
        low, _, high = before[name]
        inside = low / SLACK <= median <= high * SLACK
        print(f"{name:34} {median:10.4g} now, {low:.4g} to {high:.4g} committed{'' if inside else '   OUTSIDE'}")
        lines += [] if inside else [f"{name}: {median:.4g} is outside {low:.4g} to {high:.4g}, widened by {SLACK:g}"]
    return lines


if __name__ == "__main__":
    main()
