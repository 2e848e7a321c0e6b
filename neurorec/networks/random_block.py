"""What one of several ranks holds of a random network, drawn without the rest of it."""

from __future__ import annotations

from typing import Any

from neurorec.arrays import whole
from neurorec.discovery import class_of
from neurorec.errors import NotOffered
from neurorec.networks.block import Block, expect_blocks, expect_plain, of_units
from neurorec.networks.cell_with_filter import formula_of
from neurorec.networks.network import Network
from neurorec.networks.random_synapses import Some, synapses_between
from neurorec.networks.random_weights import expect_sizes, random_weights
from neurorec.random_numbers.seeds import NETWORK, generator

WHOLE = {"spectral_radius", "density", "degree", "parametrisation"}  # of `Network.random`, what is of all rows


def random_block(
    rank: int,
    ranks: int,
    inputs: int,
    units: int,
    outputs: int,
    *,
    cell: Any = "leaky_tanh",
    gain: float = 1.5,
    seed: int = 0,
    sparsity: float = 0.0,
    readout_gain: float = 1.0,
    filter: Any = None,
    **others: Any,
) -> Block:
    """As `block_of` of what `Network.random` makes of these arguments, in memory that goes as the block.

    Raises
    ------
    ValueRefused, NotOffered
        As `Block.random`.
    """
    from scipy.sparse import csr_array

    if asked := sorted(WHOLE & others.keys()):
        raise NotOffered(f"{asked[0]} is of a whole matrix, of which a rank draws its rows; leave it out, or take nr.Network.random")
    expect_sizes(inputs, units, outputs)
    expect_blocks(units, ranks)
    mine = slice(rank * units // ranks, (rank + 1) * units // ranks)
    formula = formula_of(class_of("cells", cell), None if filter is None else class_of("filters", filter), ())
    everywhere: Any = synapses_between(formula, units, gain, None, sparsity, None, None)
    weights = random_weights(
        formula, inputs, units, outputs, generator(whole("seed", seed, least=0), NETWORK), Some(everywhere, mine), readout_gain
    )
    outline = Network(**{**weights, "recurrent": csr_array(everywhere.shape)}, cell=cell, filter=filter, **others)  # all but the matrix
    expect_plain(outline)
    return of_units(outline, weights["recurrent"], mine)
