"""Functions of NumPy's that numba-cuda compiles but does not list for single numbers, and which optimisers and feedbacks may call."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from neurorec.engines.cuda.device import SIMULATED


def _teach() -> None:
    from numba.cuda.cpython import numbers  # pyright: ignore[reportMissingImports]
    from numba.cuda.np import npyfuncs  # pyright: ignore[reportMissingImports]
    from numba.cuda.ufuncs import ufunc_db

    for known, law in (
        (np.sqrt, npyfuncs.np_real_sqrt_impl),
        (np.exp, npyfuncs.np_real_exp_impl),
        (np.absolute, numbers.real_abs_impl),
        (np.sign, numbers.real_sign_impl),
    ):
        ufunc_db().setdefault(known, {"f->f": law, "d->d": law})


if not SIMULATED and find_spec("numba_cuda") is not None:  # the simulator runs NumPy's own
    _teach()
