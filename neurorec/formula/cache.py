"""Printed functions are real modules in a cache folder: tracebacks show them, and Numba stores their machine code beside them.

The printed text itself is run, not the file in the folder: a file there that is damaged or outdated is written again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Mapping
from importlib.abc import SourceLoader
from pathlib import Path
from types import ModuleType

from neurorec.errors import RunFileError
from neurorec.formula.cache_folder import discard_if_open, folder, own_folder
from neurorec.formula.once import LOCK
from neurorec.formula.sources import sources_of

__all__ = ["folder", "package"]


def package(files: Mapping[str, str], salt: str = "") -> ModuleType:
    """Import a package of printed modules, writing it on first use.

    Parameters
    ----------
    files : mapping of str to str
        Module name to source, each after those that it imports; ``__init__`` is added.
    salt : str
        Whatever else the compiled form depends on (versions): part of the package's name, as are the library's own modules that the
        sources import.

    Returns
    -------
    module
        The package; its modules are attributes. The same sources give the same package, in every process.

    Raises
    ------
    RunFileError
        If the cache folder cannot be written, or others could have written in it.
    """
    files = {"__init__": f'"""Printed by neurorec; its modules: {", ".join(files)}."""\n', **files}
    parts = [salt, sources_of(files.values()), *(f"{k}\0{v}" for k, v in sorted(files.items()))]
    name = f"neurorec_printed_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"
    with LOCK:  # no thread may see a package of which another has imported a part
        if name not in sys.modules:
            _import(name, _written(name, files), files)
        return sys.modules[name]


def _written(name: str, files: Mapping[str, str]) -> Path:
    place = own_folder() / name
    try:
        discard_if_open(place)
        if not place.exists():
            _write(place, files)
        _mend(place, files)
    except RunFileError:
        raise
    except OSError as error:
        raise RunFileError(f"cannot write {place} ({error.strerror}); remove it, or set NEUROREC_CACHE to another folder") from error
    return place


def _write(place: Path, files: Mapping[str, str]) -> None:
    # Written aside and renamed: two processes that start at once must not read each other's halves.
    aside = Path(tempfile.mkdtemp(prefix=".new_", dir=place.parent))
    aside.chmod(0o700)  # whatever the umask
    for name, text in files.items():
        (aside / f"{name}.py").write_text(text, encoding="utf-8")
    try:
        aside.rename(place)
    except OSError:
        if not place.exists():
            raise
        for leftover in aside.iterdir():
            leftover.unlink()
        aside.rmdir()


def _mend(place: Path, files: Mapping[str, str]) -> None:
    """Restore files that differ from the printed text: cut short by a full disk, or deleted."""
    for name, text in files.items():
        path = place / f"{name}.py"
        if not path.is_file() or path.read_bytes() != text.encode():
            handle, aside = tempfile.mkstemp(prefix=".new_", dir=place)
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
            Path(aside).replace(path)


class _Printed(SourceLoader):
    """Runs a module's printed text."""

    def __init__(self, path: Path, text: str):
        self._path, self._text = path, text

    def get_filename(self, fullname: str) -> str:
        return str(self._path)

    def get_data(self, path: str | bytes) -> bytes:
        return self._text.encode()


def _import(name: str, place: Path, files: Mapping[str, str]) -> None:
    """Import all of the package's modules, or, where one fails, none."""
    try:
        for each, text in files.items():
            _run(name if each == "__init__" else f"{name}.{each}", _Printed(place / f"{each}.py", text))
    except BaseException:
        for each in [known for known in sys.modules if known.partition(".")[0] == name]:
            del sys.modules[each]
        raise


def _run(name: str, loader: _Printed) -> None:
    parent, _, child = name.rpartition(".")
    path = loader.get_filename(name)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader, submodule_search_locations=None if parent else [])
    assert spec, f"Python cannot import {name}"
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    if parent:
        setattr(sys.modules[parent], child, module)
