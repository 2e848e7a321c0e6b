"""What passes over trials work with on the GPU."""

from __future__ import annotations

from typing import Any

from neurorec.engines.cuda.layouts import Layouts
from neurorec.engines.cuda.memory import Memory
from neurorec.engines.cuda.products import AbstractProducts
from neurorec.networks.weights import Weights

OnGpu = Any  # weights as `Weights` has them, in a vector on the GPU


class Bench:
    """The arrangement that was asked for, products, and memory and layouts that are kept from batch to batch.

    A forward pass leaves its `weights`, its `constants` and what it heard from `outside` on the GPU, where a reverse scan finds them.
    """

    weights: OnGpu
    constants: Any
    outside: Any

    def __init__(self, asked: str | None, products: AbstractProducts):
        self.asked, self.products, self.memory = asked, products, Memory(products.stream)
        self.layouts = Layouts(self.memory)

    @property
    def stream(self) -> Any:
        """In whose order everything is queued."""
        return self.products.stream

    def sent(self, weights: Weights) -> OnGpu:
        """The host's weights, on the GPU."""
        return weights.like(self.memory.upload("weights", weights.vector))
