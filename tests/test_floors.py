"""A floor of the library imports only lower floors or its own, so that every part can be read without those above it."""

from __future__ import annotations

import ast
import json
from importlib.util import resolve_name
from pathlib import Path

import pytest

import neurorec

ROOT = Path(__file__).parents[1]
FLOORS = (
    "errors discovery trust arrays seeds interrupt one_thread compiling progress publish memory display formula recommended hdf5",
    "cells filters rules feedbacks losses optimisers parametrisations",
    "model mapping abstract_network network module_network trials tasks record storage weights updates noise noise_loop plasticity philox plan parts run",
    "presets engines architectures unroll circuits",
    "learner silence starts training streaming dynamics plots timing",
    "cli testing",
)
FLOOR = {part: floor for floor, parts in enumerate(FLOORS) for part in parts.split()}
TOP = len(FLOORS) - 1
BESIDE = {"tasks", "analysis", "benchmarks", "tests"}  # top-level folders: above the library, not in its wheel
PUBLIC_MODULES = {
    "circuits",
    "dynamics",
    "errors",
    "plots",
    "presets",
    "testing",
    "unroll",
}  # which a script may use beside the names in neurorec.__all__

FILES = sorted(p for p in (ROOT / "neurorec").rglob("*.py") if p != ROOT / "neurorec/__init__.py")  # which resolves names lazily
SCRIPTS = sorted((ROOT / "tasks").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "analysis").glob("*.ipynb"))
TRAINING = {"train", "resume", "training", "learner", "weight_change"}  # what analysis/ does without: it reads runs


class Imports(ast.NodeVisitor):
    """Lines and dotted names of all imports in a module, those inside functions included."""

    def __init__(self, package: str):
        self.package, self.found = package, []

    def visit_If(self, node: ast.If) -> None:
        typing_only = ast.unparse(node.test).endswith("TYPE_CHECKING")
        for each in node.orelse if typing_only else [node.test, *node.body, *node.orelse]:
            self.visit(each)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(node.lineno, alias.name) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        origin = resolve_name("." * node.level + (node.module or ""), self.package)
        self.found += [(node.lineno, f"{origin}.{alias.name}") for alias in node.names]

    def visit_Call(self, node: ast.Call) -> None:
        if ast.unparse(node.func).endswith("import_module") and isinstance(node.args[0], ast.Constant):
            self.found.append((node.lineno, resolve_name(node.args[0].value, self.package)))
        self.generic_visit(node)


def imports(source: str, package: str = "neurorec") -> list[tuple[int, str]]:
    visitor = Imports(package)
    visitor.visit(ast.parse(source))
    return visitor.found


def floor_of(name: str) -> int:
    """Floor of what is imported; -1 for other people's packages."""
    first, part, *_ = [*name.split("."), ""]
    if first in BESIDE:
        return TOP + 1
    if first != "neurorec" or part == "__version__":
        return -1
    return FLOOR.get(part, TOP)  # the package itself, or a public name of it: through it everything can be reached


def too_high(source: str, floor: int, package: str = "neurorec") -> list[str]:
    return [
        f"line {line}, on floor {floor}, imports {name} from floor {floor_of(name)}: hand the object in, move the code up, "
        "or import under TYPE_CHECKING what only annotations need"
        for line, name in imports(source, package)
        if floor_of(name) > floor
    ]


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
    return part in neurorec.__all__ or (part in PUBLIC_MODULES and not any(each.startswith("_") for each in inner))


def _part(path: Path) -> str:
    return path.relative_to(ROOT / "neurorec").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_floor_imports_only_lower_floors_or_its_own(path: Path) -> None:
    assert _part(path) in FLOOR, (
        f"{path.relative_to(ROOT)} has no floor; add {_part(path)!r} to FLOORS above, on the lowest floor whose "
        "modules and those below are all that it imports"
    )
    package = ".".join(path.relative_to(ROOT).parent.parts)
    assert too_high(path.read_text(), FLOOR[_part(path)], package) == []


def test_scripts_use_public_names_only() -> None:
    sources = {path: path.read_text() for path in SCRIPTS} | {path: code(path) for path in NOTEBOOKS}
    found = [f"{path.relative_to(ROOT)}, {each}" for path, source in sources.items() for each in private(source)]
    assert found == [], f"public are {', '.join(sorted({*neurorec.__all__, *PUBLIC_MODULES}))}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_reads_runs_and_never_trains(path: Path) -> None:
    assert trains(code(path)) == [], "let a script in tasks/ make the run, name it in the notebook's metadata, and open it here"


@pytest.mark.parametrize("source", ["import neurorec as nr\nnr.train(1)", "from neurorec import resume", "import neurorec.training"])
def test_training_in_a_notebook_is_found(source: str) -> None:
    assert len(trains(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from neurorec.training import train",
        "import neurorec.training",
        "from neurorec import training",
        "from neurorec import train",
        "import neurorec as nr",
        "from ..training import train",
        "def f():\n    from neurorec.training import train",
        "importlib.import_module('neurorec.training')",
        "if TYPE_CHECKING:\n    pass\nelse:\n    from neurorec.training import train",
        "from analysis import figures",
    ],
)
def test_an_import_from_above_is_found(source: str) -> None:
    assert len(too_high(source, 1, "neurorec.cells")) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from neurorec.cells.base import AbstractCell",
        "from .base import AbstractCell",
        "from neurorec.errors import ShapeError",
        "from neurorec import __version__",
        "import numpy as np",
        "if TYPE_CHECKING:\n    from neurorec.training import train",
    ],
)
def test_other_imports_are_allowed(source: str) -> None:
    assert too_high(source, 1, "neurorec.cells") == []


@pytest.mark.parametrize(
    "source", ["import neurorec as nr\nnr.weights.Weights", "from neurorec.network import Network", "import neurorec.storage"]
)
def test_a_private_name_in_a_script_is_found(source: str) -> None:
    assert len(private(source)) == 1


def test_public_names_in_a_script_are_allowed() -> None:
    assert private("import neurorec as nr\nnr.train\nnr.dynamics.fixed_points\nfrom neurorec import Record") == []
