"""Scripts, notebooks and benchmarks use what users have: public names; and a notebook reads runs, it never trains."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from imports import ROOT, imports

import neurorec

SCRIPTS = sorted((ROOT / "tasks").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "analysis").glob("*.ipynb"))
TRAINING = {"train", "resume", "training", "weight_change"}  # what analysis/ does without


def used(source: str) -> list[tuple[int, str]]:
    """Lines and names of all that a script uses of neurorec."""
    aliases = {
        a.asname or a.name for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import) for a in n.names if a.name == "neurorec"
    }
    attributes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Attribute) and ast.unparse(n.value) in aliases]
    found = [*imports(source), *((n.lineno, f"neurorec.{n.attr}") for n in attributes)]
    return [(line, name) for line, name in found if name.startswith("neurorec.")]


def private(source: str) -> list[str]:
    """What of that is not public."""
    return [f"line {line} uses {name}" for line, name in used(source) if not _public(name)]


def trains(source: str) -> list[str]:
    """What of that trains."""
    return [f"line {line} uses {name}" for line, name in used(source) if name.split(".")[1] in TRAINING]


def code(notebook: Path) -> str:
    """The code cells of a notebook, which has no magics."""
    return "\n".join("".join(cell["source"]) for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code")


def _public(name: str) -> bool:
    _, part, *inner = name.split(".")
    return part in dir(neurorec) and not any(each.startswith("_") for each in inner)


def test_scripts_use_public_names_only() -> None:
    sources = {path: path.read_text() for path in SCRIPTS} | {path: code(path) for path in NOTEBOOKS}
    found = [f"{path.relative_to(ROOT)}, {each}" for path, source in sources.items() for each in private(source)]
    assert found == [], f"public are {', '.join(dir(neurorec))}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_reads_runs_and_never_trains(path: Path) -> None:
    assert trains(code(path)) == [], "let a script in tasks/ make the run, name it in the notebook's metadata, and open it here"


@pytest.mark.parametrize("source", ["import neurorec as nr\nnr.train(1)", "from neurorec import resume", "import neurorec.training"])
def test_training_in_a_notebook_is_found(source: str) -> None:
    assert len(trains(source)) == 1


@pytest.mark.parametrize(
    "source",
    ["import neurorec as nr\nnr.networks.weights", "from neurorec.networks.network import Network", "import neurorec.runs"],
)
def test_a_private_name_in_a_script_is_found(source: str) -> None:
    assert len(private(source)) == 1


def test_public_names_in_a_script_are_allowed() -> None:
    assert private("import neurorec as nr\nnr.train\nnr.dynamics.fixed_points\nfrom neurorec import Record") == []
