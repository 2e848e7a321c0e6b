"""Arrays on the GPU: kept from batch to batch, and copied back only where somebody looks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda


class Memory:
    """GPU arrays by name, kept until another shape is asked for: fresh ones cost a call of the driver.

    Parameters
    ----------
    stream : CUDA stream
        In whose order values are copied; 0 is the default one.
    """

    def __init__(self, stream: Any = 0) -> None:
        self.stream = stream
        self._kept: dict[str, Any] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> Any:
        """The array of that name; its content is what was left in it."""
        kept = self._kept.get(name)
        if kept is None or kept.shape != tuple(shape):
            kept = self._kept[name] = cuda.device_array(shape, dtype)
        return kept

    def upload(self, name: str, values: np.ndarray, dtype: Any = np.float32) -> Any:
        """The array of that name, with these values."""
        array = self.array(name, values.shape, dtype)
        array.copy_to_device(np.ascontiguousarray(values, dtype), stream=self.stream)
        return array

    def zeros(self, name: str, shape: tuple[int, ...]) -> Any:
        """The array of that name, zero."""
        return self.upload(name, np.zeros(shape, np.float32))


class OnDevice:
    """A GPU array in the place of a NumPy array: what is asked for by index is copied.

    Parameters
    ----------
    array : GPU array
    ready : event, optional
        After which it holds its values; None: all that was queued before is waited for.
    """

    def __init__(self, array: Any, ready: Any = None):
        self.array, self._ready = array, ready

    @property
    def shape(self) -> tuple[int, ...]:
        """As of a NumPy array."""
        return self.array.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or np.float32)

    def __getitem__(self, where: Any) -> np.ndarray:
        if self._ready is not None:
            self._ready.synchronize()
        part = self.array[where]
        return np.ascontiguousarray(part.copy_to_host()) if hasattr(part, "copy_to_host") else part
