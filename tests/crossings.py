"""What crosses between host and GPU, counted by its length: for the simulator's tests and those of a real device."""

from __future__ import annotations

import numpy as np
import pytest


def counted(monkeypatch: pytest.MonkeyPatch, array_class: type) -> list[int]:
    """A list that grows by how many numbers each copy takes along; `array_class` is that of arrays on the GPU."""
    from numba import cuda

    sizes: list[int] = []
    back, there, fresh = array_class.copy_to_host, array_class.copy_to_device, cuda.to_device

    def sent(array, source, *rest, **more):
        if isinstance(source, np.ndarray):
            sizes.append(source.size)
        return there(array, source, *rest, **more)

    monkeypatch.setattr(array_class, "copy_to_host", lambda array, *rest, **more: sizes.append(array.size) or back(array, *rest, **more))
    monkeypatch.setattr(array_class, "copy_to_device", sent)
    monkeypatch.setattr(cuda, "to_device", lambda source, *rest, **more: sizes.append(np.size(source)) or fresh(source, *rest, **more))
    return sizes
