"""The package of the loops of rows: the numba engine's, and what this engine adds to them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numba
import numpy as np
from numba.core import config

from neurorec import __version__
from neurorec.engines.numba import compile as of_numba
from neurorec.formula.cache import package
from neurorec.formula.once import once
from neurorec.formula.unit import PRECISION

HERE, NUMBA = Path(__file__).parent, Path(of_numba.__file__).parent
FILES = {
    "product": NUMBA / "product.py", "recurrence": NUMBA / "dense_recurrence.py", "readout": NUMBA / "readout.py",
    "kernels": NUMBA / "kernels.py", "time_step": NUMBA / "time_step.py", "learning": NUMBA / "dense_learning.py", "fused": NUMBA / "fused.py",
    "causal": NUMBA / "causal.py", "rows": HERE / "rows.py", "causal_rows": HERE / "causal_rows.py",
}  # fmt: skip


@once(4)
def loops(dtype: str) -> ModuleType:
    """Package with the loops in a float type: modules `kernels`, `rows` and `causal_rows`."""
    precision = {"precision": f"from neurorec.formula.{PRECISION[dtype]} import real\n"}
    checked = "bounds are checked" if config.BOUNDSCHECK else ""  # pyright: ignore[reportAttributeAccessIssue]
    salt = "\n".join([__version__, numba.__version__, np.__version__, checked])
    return package({**precision, **{name: path.read_text(encoding="utf-8") for name, path in FILES.items()}}, salt)
