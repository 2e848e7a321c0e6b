"""Arrays on the GPU: kept from batch to batch, and copied back only where somebody looks."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
from numba import cuda

from neurorec.engines.cuda.kernels.product import SIDE, clear

BLOCKS = 1024  # that fill any GPU
MOST = 96  # arrays: those of a batch, and of a shorter last one


class Memory:
    """GPU arrays by name and shape, kept: fresh ones cost a call of the driver, and a queued graph knows them by their place.

    Parameters
    ----------
    stream : CUDA stream
        In whose order values are copied; 0 is the default one.
    """

    def __init__(self, stream: Any = 0) -> None:
        self.stream = stream
        self._kept: OrderedDict[tuple, Any] = OrderedDict()
        self._sources: dict[str, np.ndarray] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> Any:
        """The array of that name; its content is what was left in it."""
        key = (name, *shape)
        if key not in self._kept:
            self._kept[key] = cuda.device_array(shape, dtype)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def upload(self, name: str, values: np.ndarray, dtype: Any = np.float32) -> Any:
        """The array of that name, with these values."""
        array = self.array(name, values.shape, dtype)
        # The copy may still go on when it returns: what it reads is kept until the next one.
        self._sources[name] = np.ascontiguousarray(values, dtype)
        array.copy_to_device(self._sources[name], stream=self.stream)
        return array

    def there(self, name: str, values: Any) -> Any:
        """The GPU array behind `values`, where there is one; else the array of that name, with these values."""
        return values.array if isinstance(values, OnDevice) else self.upload(name, values)

    def zeros(self, name: str, shape: tuple[int, ...]) -> Any:
        """The array of that name, zero."""
        array = self.array(name, shape)
        flat = array.reshape(array.size)
        clear[min(BLOCKS, -(-array.size // SIDE**2)), SIDE**2, self.stream](flat)
        return array


class OnDevice:
    """A GPU array in the place of a NumPy array: what is requested by index is copied.

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
