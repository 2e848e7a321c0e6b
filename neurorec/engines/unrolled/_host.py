"""From any device to NumPy."""

from __future__ import annotations

import numpy as np
from array_api_compat import to_device

from neurorec.engines.unrolled.base import Array


def on_host(values: Array) -> np.ndarray:
    """As a NumPy array; without a copy where it lies in the host's memory."""
    return np.asarray(to_device(values, "cpu"))
