"""Every CUDA kernel compiles for GPUs that are not here: types are right, registers suffice, shared memory fits."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from breadth import THOROUGH
from gpu_sizes import LEARNING, SIZES
from hypothesis import given
from hypothesis import strategies as st
from laws import HeavyBall, Mixed, PseudoHuber
from numba import config

import neurorec as nr
from neurorec.discovery import load, resolve
from neurorec.learning.optimisers.base import AbstractOptimiser

if config.ENABLE_CUDASIM:
    pytest.skip("the simulator compiles nothing; tests/simulator runs the kernels there", allow_module_level=True)
pytest.importorskip("numba_cuda", reason="kernels are compiled by numba-cuda: pip install neurorec[cuda]")
pytest.importorskip("nvidia", reason="registers are counted by nvidia-cuda-nvcc: pip install neurorec[dev]")

from neurorec.engines.cuda import CudaEngine, compile, sizes  # noqa: E402
from neurorec.engines.cuda.kernels import events, flat  # noqa: E402
from neurorec.errors import NotOffered  # noqa: E402
from neurorec.formula.cuda_single import THREADS  # noqa: E402

SHARED = 48 * 1024  # bytes that a block may have without asking the driver, on every GPU (164 KB, 227 KB for those that ask)
REGISTERS = 65536  # of a multiprocessor
SPILLED = {"every step, uneven": 1024, "every step": 512, "on chip": 16}  # bytes, written and read again; of other kernels none
HUNGRY = ("on chip, back", "every step, uneven")  # those that need the most of all this
BESIDE = {"leaky_tanh": 170, "gru": 260, "lstm": 360}  # instructions of a step that are not multiply-adds of weights


@pytest.fixture(scope="module")
def counting():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
        return importlib.import_module("cuda_kernels")


@pytest.mark.parametrize(
    ("cell", "architecture", "units", "trials", "every"),
    [
        ("leaky_tanh", (9, 0), 256, 8, True),
        ("leaky_tanh", (8, 0), 1024, 1, THOROUGH),
        ("gru", (9, 0), 100, 2, THOROUGH),
        ("lstm", (8, 0), 64, 8, THOROUGH),
    ],
)
def test_every_kernel_compiles_and_fits(counting, cell, architecture, units, trials, every):
    """Of the smallest formula all, of larger ones the hungriest."""
    formula = nr.Network.random(2, units, 1, cell=cell).formula
    for kernel in counting.kernels(formula, units, trials, counting.PROCESSORS[architecture]):
        if not (every or kernel.name in HUNGRY):
            continue
        found = counting.counted(kernel, architecture)
        assert granted(found["registers"]) * kernel.threads <= REGISTERS, found  # by the bounds of its decorator, or it cannot start
        assert found["spilled_bytes"] <= next((most for name, most in SPILLED.items() if kernel.name.startswith(name)), 0), found
        if kernel.layout is None:  # as many threads as there may be, whatever the bounds
            assert found["shared_bytes"] == 0 and granted(found["unbounded"]) * THREADS <= REGISTERS, found
        else:
            assert kernel.layout.shared_bytes - 4 <= found["shared_bytes"] <= kernel.layout.shared_bytes <= sizes.SHARED < SHARED, found
        if "multiply_adds" in found:  # that is, where nvdisasm is installed, and a step is written out
            assert found["instructions"] - found["multiply_adds"] <= BESIDE[cell], found


def granted(registers: int) -> int:
    """Registers are given out in eights."""
    return -(-registers // 8) * 8


def test_instructions_are_those_of_the_loop_over_time(counting):
    """The longest one; none are told where another is inside it, whose turns cannot be read off."""
    inner = ".L_x_1:\n /*0020*/ LDS R1, [R2] ;\n /*0030*/ @P0 BRA `(.L_x_1) ;\n"
    listed = "/*0000*/ MOV R1, R2 ;\n.L_x_0:\n /*0010*/ FFMA R1, R1, R2, R3 ;\n{}/*0040*/ @P1 BRA `(.L_x_0) ;\n/*0050*/ EXIT ;\n"
    assert counting.step_of(listed.format("")) == 2
    assert counting.step_of(listed.format(inner)) is None


def test_products_compile(counting):
    for kernel in counting.products():
        found = counting.counted(kernel, (9, 0))
        own = 4 * events.WORDS * (32 + 1) if kernel.name == "receive events" else 2 * 4 * 16 * 16
        assert found["spilled_bytes"] == 0 and found["shared_bytes"] == own, found


def test_updates_compile_without_arrays_of_their_own(counting):
    """By every optimiser and feedback, and by some of a user's own; a thread has registers, and nothing else, for its weight."""
    laws = counting.updates(
        [*(load("optimisers", name) for name in nr.names("optimisers")), HeavyBall],
        [*(resolve("feedbacks", name) for name in nr.names("feedbacks")), Mixed(0.25)],
    )
    for kernel in laws:
        found = counting.counted(kernel, (9, 0))
        assert ".local" not in counting.ptx(kernel, (9, 0)), kernel.name
        assert found["spilled_bytes"] == 0 and found["shared_bytes"] in [8 * sums * flat.THREADS for sums in (0, 1, flat.SUMS)], found
        assert granted(found["unbounded"]) * flat.THREADS <= REGISTERS, found


@pytest.mark.parametrize("architecture", [(8, 0), (9, 0)])
def test_the_errors_of_losses_compile_without_arrays_of_their_own(counting, architecture):
    for kernel in counting.errors([*(resolve("losses", name) for name in nr.names("losses")), PseudoHuber(0.25)]):
        found = counting.counted(kernel, architecture)
        assert ".local" not in counting.ptx(kernel, architecture), kernel.name
        assert found["spilled_bytes"] == found["shared_bytes"] == 0 and granted(found["unbounded"]) * flat.THREADS <= REGISTERS, found


@dataclass(frozen=True)
class Rounded(AbstractOptimiser):
    """By a function that the GPU's compiler does not know."""

    @staticmethod
    def step(weight, change, slots, rate, count, settings):
        return rate * np.rint(change)


def test_what_the_gpus_compiler_does_not_know_is_refused_in_words(counting):
    (kernel, *_) = counting.updates([Rounded], [])
    with pytest.raises(NotOffered, match="cannot compile Rounded.*engine='numba'"):
        compile.tried(Rounded(), lambda: counting.ptx(kernel, (9, 0)))


shapes = st.builds(sizes.Shape, st.integers(1, 4096), st.integers(1, 4), st.integers(1, 2), st.integers(1, 1024))


@given(shapes, st.sampled_from([1, 20, 108, 132]))
def test_a_small_network_fits_on_a_processor(shape, processors):
    if not sizes.fits(shape):
        with pytest.raises(NotOffered, match="across_chip"):
            sizes.on_chip(shape, processors)
        return
    layout = sizes.on_chip(shape, processors)
    assert max(layout.SLICES * layout.TILES, layout.GROUP * layout.UNITS) <= layout.THREADS <= THREADS // 2
    assert layout.SLICES * layout.WIDTH >= shape.columns and layout.TILES * layout.TALL >= shape.rows
    assert layout.WIDTH % layout.TALL == layout.HELD % layout.TALL == 0 and layout.TALL == 4  # four at once
    assert layout.shared_bytes <= SHARED


@given(st.builds(sizes.Shape, st.integers(1, 40), st.integers(1, 4), st.integers(1, 2), st.integers(1, 9)), st.integers(0, 100))
def test_every_weight_has_one_place_in_the_tiles(shape, seed):
    weights = np.random.default_rng(seed).standard_normal((shape.rows, shape.columns)).astype(np.float32)
    layout = sizes.on_chip(shape, 1)
    tiles = sizes.tiled(weights, layout)
    for thread in range(layout.SLICES * layout.TILES):
        row, column = thread % layout.TILES * layout.TALL, thread // layout.TILES * layout.WIDTH
        part = weights[row : row + layout.TALL, column : column + layout.WIDTH]
        assert np.array_equal(tiles[: part.shape[1], thread, : part.shape[0]], part.T)
    assert np.count_nonzero(tiles) == np.count_nonzero(weights)


@given(shapes, st.sampled_from([20, 108, 132]), st.sampled_from([sizes.across_chip, sizes.online]))
def test_a_network_spread_over_processors_covers_every_unit(shape, processors, laid_out):
    try:
        layout = laid_out(shape, processors)
    except NotOffered:
        assert shape.units > processors * 32  # where a block has one warp, it can step so many units
        return
    rows, warps = shape.receives * layout.SLAB, layout.THREADS // 32
    assert layout.TILES == -(-rows // layout.TALL)
    assert layout.blocks <= processors and layout.blocks * layout.SLAB >= shape.units
    assert warps == layout.AT_ONCE * layout.SLICES and 1 <= layout.AT_ONCE <= layout.TILES and layout.THREADS >= layout.GROUP * layout.SLAB
    assert layout.THREADS <= (THREADS if laid_out is sizes.across_chip else THREADS // 2)
    assert layout.shared_bytes <= SHARED


@pytest.mark.parametrize("processors", [108, 132])
@pytest.mark.parametrize(("arrangement", "units", "trials", "steps"), SIZES)
def test_the_sizes_that_a_gpu_is_tested_at_reach_every_arrangement(arrangement, units, trials, steps, processors):
    shape = sizes.Shape(units, 1, 1, trials)
    assert sizes.chosen(shape) == arrangement
    if arrangement == "across_chip":
        assert 1 < sizes.across_chip(shape, processors).blocks <= processors  # which wait for each other
    if (units, trials) == (64, 512):
        assert trials > sizes.on_chip(shape, processors).GROUP > 1  # several blocks, with several trials each
    assert {each[0] for each in SIZES} == set(sizes.WAYS)


@pytest.mark.parametrize(("cell", "units", "trials"), LEARNING)
def test_learning_at_every_step_is_tested_in_several_blocks(cell, units, trials):
    formula = nr.Network.random(2, units, 1, cell=cell).formula
    layout = sizes.online(sizes.Shape(units, formula.n_drives, len(formula.emitted), trials), 132)
    assert 1 < layout.blocks <= 132 and layout.KEPT == 0


def test_tf32_is_a_setting_of_torchs_that_is_put_back():
    import torch

    from neurorec.engines.cuda.precision import multiplied

    matmul = torch.backends.cuda.matmul
    found = matmul.allow_tf32
    for before in (False, True):
        with multiplied(before):
            for tf32 in (True, False):
                with pytest.raises(ArithmeticError), multiplied(tf32):
                    assert matmul.allow_tf32 is tf32
                    raise ArithmeticError
                assert matmul.allow_tf32 is before
    assert matmul.allow_tf32 is found


def test_without_a_gpu_it_says_what_to_do():
    from numba import cuda

    if cuda.is_available():
        pytest.skip("there is a GPU: the contract tests run on it")
    with pytest.raises(NotOffered, match="engine='numba'"):
        CudaEngine()
