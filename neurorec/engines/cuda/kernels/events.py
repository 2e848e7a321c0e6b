"""What units receive of the spikes of others: of the weights those of units that spiked are read, and no others."""

from __future__ import annotations

from numba import cuda

from neurorec.formula.cuda_single import SIMULATED, index, kernel, real

THREADS = 16 if SIMULATED else 128  # of a block, each with the sum of a unit
WORDS = 1 if SIMULATED else 32  # of 32 terms each that are looked at together
TERMS = 32 * WORDS


@kernel
def receive(line, weights, received):
    """received (B, n) = line (B, m) by weights (m, n), over the terms that are not zero. Grid: blocks of THREADS for n, by trials.

    Terms are added in their order, to which the others would add nothing: the numbers are those of product.spread.
    """
    sent = cuda.shared.array(TERMS, real)
    spiked = cuda.shared.array(WORDS, index)
    thread, b = cuda.threadIdx.x, cuda.blockIdx.y
    n, terms, total = cuda.blockIdx.x * THREADS + thread, line.shape[1], real(0)
    for start in range(0, terms, TERMS):
        for place in range(thread, TERMS, THREADS):
            sent[place] = line[b, start + place] if start + place < terms else real(0)
        cuda.syncthreads()
        for word in range(thread, WORDS, THREADS):
            bits = index(0)
            for bit in range(32):
                if sent[32 * word + bit] != 0:
                    bits |= index(1) << index(bit)
            spiked[word] = bits
        cuda.syncthreads()
        if n < received.shape[1]:
            for word in range(WORDS):
                bits = spiked[word]
                while bits != 0:
                    place = 32 * word + cuda.ffs(bits) - 1
                    total += sent[place] * weights[start + place, n]
                    bits &= bits - index(1)
        cuda.syncthreads()
    if n < received.shape[1]:
        received[b, n] = total
