"""A folder of the library imports only folders of lower floors or of its own, and no two of them each other: every one can be read without those above."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import ROOT, imports

FLOORS = (
    "errors display discovery arrays progress trust formula process hdf5 random_numbers",
    "learning",
    "networks tasks",
    "engines",
    "simulation runs",
    "training",
    "sweeps",
    "circuits dynamics export plots",
    "timing cli testing __main__",
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms.split()}
TOP = len(FLOORS) - 1
BESIDE = {"tasks", "analysis", "benchmarks", "tests"}  # top-level folders: above the library, not in its wheel
FILES = sorted(p for p in (ROOT / "neurorec").rglob("*.py") if p != ROOT / "neurorec/__init__.py")  # which resolves names lazily


def floor_of(name: str) -> int:
    """Floor of what is imported; -1 for other people's packages."""
    first, room, *_ = [*name.split("."), ""]
    if first in BESIDE:
        return TOP + 1
    if first != "neurorec" or room == "__version__":
        return -1
    return FLOOR.get(room, TOP)  # the package itself, or a public name of it: through it everything can be reached


def too_high(source: str, floor: int, package: str = "neurorec") -> list[str]:
    return [
        f"line {line}, on floor {floor}, imports {name} from floor {floor_of(name)}: hand the object in, move the code up, "
        "or import under TYPE_CHECKING what only annotations need"
        for line, name in imports(source, package)
        if floor_of(name) > floor
    ]


def arrows() -> set[tuple[str, str]]:
    """Which room imports which."""
    found = ((room(path), [*name.split("."), ""]) for path in FILES for _, name in imports(path.read_text(), package(path)))
    return {(source, part) for source, (first, part, *_) in found if first == "neurorec" and part in FLOOR and part != source}


def circles(graph: set[tuple[str, str]]) -> set[str]:
    """Rooms that can be reached from themselves: what is left when those that import nothing of the others are taken away, again and again."""
    left = {room for arrow in graph for room in arrow}
    while done := left - {source for source, target in graph if target in left and source in left}:
        left -= done
    return left


def room(path: Path) -> str:
    return path.relative_to(ROOT / "neurorec").parts[0].removesuffix(".py")


def package(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parent.parts)


def test_a_room_imports_only_lower_floors_or_its_own() -> None:
    assert {room(path) for path in FILES} == set(FLOOR), "every folder and module of neurorec/ has its floor in FLOORS above, and no other"
    found = {str(path.relative_to(ROOT)): too_high(path.read_text(), FLOOR[room(path)], package(path)) for path in FILES}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_no_room_reaches_itself_through_another() -> None:
    assert circles(arrows()) == set()


def test_a_circle_is_found() -> None:
    assert circles({("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")}) == {"a", "b", "c"}
    assert circles({("a", "b"), ("b", "c"), ("a", "c")}) == set()


@pytest.mark.parametrize(
    "source",
    [
        "from neurorec.training.train import train",
        "import neurorec.training",
        "from neurorec import training",
        "from neurorec import train",
        "import neurorec as nr",
        "from ...training.train import train",
        "def f():\n    from neurorec.training.train import train",
        "importlib.import_module('neurorec.training')",
        "if TYPE_CHECKING:\n    pass\nelse:\n    from neurorec.training.train import train",
        "from analysis import figures",
    ],
)
def test_an_import_from_above_is_found(source: str) -> None:
    assert len(too_high(source, FLOOR["networks"], "neurorec.networks.cells")) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from neurorec.networks.cells.base import AbstractCell",
        "from .base import AbstractCell",
        "from neurorec.errors import ShapeError",
        "from neurorec import __version__",
        "import numpy as np",
        "if TYPE_CHECKING:\n    from neurorec.training.train import train",
    ],
)
def test_other_imports_are_allowed(source: str) -> None:
    assert too_high(source, FLOOR["networks"], "neurorec.networks.cells") == []
