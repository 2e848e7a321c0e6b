"""Printed functions are real modules in a cache folder: tracebacks show them and Numba keeps their compiled form beside."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from neurorec.errors import RunFileError


def folder() -> Path:
    """Where printed modules live: ``$NEUROREC_CACHE``, else the user's cache folder."""
    chosen = os.environ.get("NEUROREC_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(chosen) if chosen else base / "neurorec"


def package(files: Mapping[str, str], salt: str = "") -> ModuleType:
    """Import a package of printed modules, writing it on first use.

    Parameters
    ----------
    files : mapping of str to str
        Module name to source; ``__init__`` is added.
    salt : str
        Whatever else the compiled form depends on (versions): part of the package's name.

    Returns
    -------
    module
        The package; its modules are attributes. The same sources give the same package, in every process.
    """
    files = {"__init__": f'"""Printed by neurorec; its modules: {", ".join(files)}."""\n', **files}
    digest = hashlib.sha256("\0".join([salt, *(f"{k}\0{v}" for k, v in sorted(files.items()))]).encode()).hexdigest()[:16]
    name = f"neurorec_printed_{digest}"
    if name not in sys.modules:
        place = _writable_folder() / name
        if not place.exists():
            _write(place, files)
        _import(name, place, files)
    return sys.modules[name]


def _writable_folder() -> Path:
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFileError(
            f"cannot write the cache folder {place} ({error.strerror}); set NEUROREC_CACHE to a folder that can be written"
        ) from error
    if not os.access(place, os.W_OK):
        raise RunFileError(f"cannot write the cache folder {place}; set NEUROREC_CACHE to a folder that can be written")
    return place


def _write(place: Path, files: Mapping[str, str]) -> None:
    # Written aside and renamed: two processes that start at once must not read each other's halves.
    aside = Path(tempfile.mkdtemp(prefix=".new_", dir=place.parent))
    for name, text in files.items():
        (aside / f"{name}.py").write_text(text)
    try:
        aside.rename(place)
    except OSError:
        if not place.exists():
            raise
        for leftover in aside.iterdir():
            leftover.unlink()
        aside.rmdir()


def _import(name: str, place: Path, files: Mapping[str, str]) -> None:
    spec = importlib.util.spec_from_file_location(name, place / "__init__.py", submodule_search_locations=[str(place)])
    assert spec and spec.loader, f"Python cannot import from {place}"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    for each in files:
        if each != "__init__":
            importlib.import_module(f"{name}.{each}")
