"""How many digits cuBLAS multiplies with: a setting of torch's for the whole process, changed for a while and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def multiplied(tf32: bool) -> Iterator[None]:
    """Within it, torch's products of float32 matrices on a GPU round their factors to TF32's 10 bits, or do not.

    torch has an older and a newer name for this and refuses to go on where the two disagree: setting the older one sets
    both, so that only putting the newer one back takes a second line.
    """
    import torch

    matmul = torch.backends.cuda.matmul
    newer = hasattr(matmul, "fp32_precision")  # torch 2.9
    before = matmul.fp32_precision if newer else matmul.allow_tf32
    matmul.allow_tf32 = tf32
    try:
        yield
    finally:
        matmul.allow_tf32 = before in ("tf32", True)
        if newer:
            matmul.fp32_precision = before
