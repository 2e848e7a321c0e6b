"""Numba's files of machine code, each with a digest: a damaged file counts as absent, and the function is compiled again."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile, InTreeCacheLocator

SIZE = hashlib.sha256().digest_size


class _Checked(IndexDataCacheFile):
    """An index, and a file of machine code for each kind of arguments; a digest ends each, where `pickle` does not look."""

    def _dump(self, obj: Any) -> bytes:
        data = super()._dump(obj)
        return data + hashlib.sha256(data).digest()

    def _load_index(self) -> dict:
        version = pickle.dumps(self._version, protocol=-1)  # which Numba writes before the rest
        return super()._load_index() if _whole(Path(self._index_path), version) else {}

    def load(self, key: Any) -> Any:
        """The machine code for a kind of arguments; None if there is none, or its file is damaged."""
        name = self._load_index().get(key)
        return super().load(key) if name and _whole(Path(self._data_path(name))) else None


def _whole(path: Path, before: bytes = b"") -> bool:
    content = path.read_bytes() if path.is_file() else b""
    data, digest = content[len(before) : -SIZE], content[-SIZE:]
    return content.startswith(before) and hashlib.sha256(data).digest() == digest


class _BesideModule(CompileResultCacheImpl):
    """Beside the printed module, in a folder that only its owner writes, whatever NUMBA_CACHE_DIR says."""

    _locator_classes = [InTreeCacheLocator]


class CheckedMachineCode(FunctionCache):
    """Where Numba looks for a function's machine code."""

    _impl_class = _BesideModule

    def __init__(self, py_func: Any):
        super().__init__(py_func)
        self._cache_file = _Checked(self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp())
