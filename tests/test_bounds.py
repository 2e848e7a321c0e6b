"""The loops with bounds checked: arrays by Numba, and what the products reach by address by themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from cases import Sizes, network, trials

import neurorec as nr

PROGRAM = """
import json
import numpy as np
import neurorec as nr
from cases import Sizes, network, trials
from neurorec.engines.numba.compile import products

size, found = Sizes(9, 2, 3, 5, 3), {}
for cell in ("leaky_tanh",):  # machine code of the loops is the same for every cell
    found[cell] = nr.weight_change(network(size, cell), trials(size), rule="bptt")["recurrent"].tolist()
x, out = np.ones(8, np.float32), np.zeros(8, np.float32)
packed = np.zeros(products().packed_shape(4, 4, x.dtype), np.float32)
products().pack(np.ones((4, 4), np.float32), packed)
refused = []
for where in ((0, 0, 2), (1, 0, 2), (0, 1, 2), (0, 0, 3), (-1, 0, 2)):
    try:
        products().multiply(x, where[0], packed.reshape(-1), 0, 4, out, where[1], where[2], 4, 0)
    except IndexError as error:
        refused.append(str(error))
print(json.dumps([found, refused]))
"""


def test_with_bounds_checked_the_loops_find_the_same_and_a_product_beyond_its_arrays_is_refused(tmp_path):
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NEUROREC_CACHE": str(tmp_path / "cache"), "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found, refused = json.loads(done.stdout)
    assert refused == ["a product goes beyond its array"] * 4
    size = Sizes(9, 2, 3, 5, 3)
    for cell, recurrent in found.items():
        usual = nr.weight_change(network(size, cell), trials(size), rule="bptt")["recurrent"]
        np.testing.assert_allclose(recurrent, usual, rtol=0, atol=1e-5 * np.abs(usual).max())
