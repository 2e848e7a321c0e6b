"""Large matrix products on the GPU: by cuBLAS through torch, or by our own kernels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from numba import cuda

from neurorec.engines.cuda.device import SIMULATED
from neurorec.engines.cuda.kernels.product import SIDE, clear, gather, spread
from neurorec.engines.cuda.precision import multiplied
from neurorec.errors import NotOffered

GRAPHS = 4  # kept: forward pass and reverse scan of a batch and of a shorter last one


class AbstractProducts(ABC):
    """Products of arrays over time and trials; arrays are the GPU's, of any strides.

    Attributes
    ----------
    stream : CUDA stream
        In whose order they are computed, and kernels have to be queued.
    """

    stream: Any

    @abstractmethod
    def gather(self, post: Any, pre: Any, out: Any) -> None:
        """out (n, m) += sum over t, b of post (T, B, n) pre (T, B, m)."""

    @abstractmethod
    def spread(self, sent: Any, weights: Any, out: Any) -> None:
        """out (T, B, n) += sent (T, B, m) by weights (n, m) transposed."""

    @abstractmethod
    def multiply(self, sent: Any, weights: Any, out: Any) -> None:
        """out (B, n) = sent (B, m) by weights (n, m) transposed."""

    @abstractmethod
    def repeat(self, step: Callable[[int, Any], None], steps: int, key: Hashable, arrays: tuple) -> None:
        """Call step(t, stream) for t = 0 ... steps - 1, which queues a product of the first two arrays into the third, and a kernel.

        Calls with the same number of steps, key and arrays are the same.
        """


class Cublas(AbstractProducts):
    """By torch, which shares the memory; steps are queued once, as a CUDA graph.

    Parameters
    ----------
    stream : torch.cuda.Stream
    tf32 : bool
        Whether factors are rounded to TF32.
    """

    def __init__(self, stream: Any, tf32: bool) -> None:
        self._torch, self.stream, self._tf32 = stream, cuda.external_stream(stream.cuda_stream), tf32
        self._graphs: OrderedDict[Hashable, Any] = OrderedDict()

    def gather(self, post: Any, pre: Any, out: Any) -> None:
        """As the contract says."""
        left, right, total = map(_tensor, (post, pre, out))
        with _on(self._torch), multiplied(self._tf32):
            total.addmm_(left.reshape(-1, left.shape[2]).T, right.reshape(-1, right.shape[2]))

    def spread(self, sent: Any, weights: Any, out: Any) -> None:
        """As the contract says."""
        total, left = _tensor(out), _tensor(sent)
        rows = total.view(-1, total.shape[2])
        with _on(self._torch), multiplied(self._tf32):
            rows.addmm_(left.reshape(-1, left.shape[2]), _tensor(weights).T)

    def multiply(self, sent: Any, weights: Any, out: Any) -> None:
        """As the contract says."""
        with multiplied(self._tf32):
            _multiply(sent, weights, out)

    def repeat(self, step: Callable[[int, Any], None], steps: int, key: Hashable, arrays: tuple) -> None:
        """As the contract says; arrays are told apart by where they are, and kept as long as the graph that uses them."""
        whole = (key, steps, *(each.__cuda_array_interface__["data"][0] for each in arrays))
        if whole not in self._graphs:
            self._graphs[whole] = self._captured(step, steps, arrays), arrays
            if len(self._graphs) > GRAPHS:
                self._graphs.popitem(last=False)
        with _on(self._torch):
            self._graphs[whole][0].replay()

    def _captured(self, step: Callable[[int, Any], None], steps: int, arrays: tuple) -> Any:
        import torch

        graph, side = torch.cuda.CUDAGraph(), torch.cuda.Stream()
        torch.cuda.synchronize()
        with _on(side), multiplied(self._tf32):
            _multiply(*arrays[:3])  # cuBLAS must have been used on the stream before it is recorded
        torch.cuda.synchronize()
        with cuda.defer_cleanup(), torch.cuda.graph(graph, stream=side):
            queue = cuda.external_stream(torch.cuda.current_stream().cuda_stream)
            for t in range(steps):
                step(t, queue)
        return graph


class Tiles(AbstractProducts):
    """By tiles in shared memory; for the simulator, and for a torch without CUDA.

    Parameters
    ----------
    stream : CUDA stream
    """

    def __init__(self, stream: Any = 0) -> None:
        self.stream = stream

    def gather(self, post: Any, pre: Any, out: Any) -> None:
        """As the contract says."""
        gather[_tiles(out.shape[0], out.shape[1]), (SIDE, SIDE), self.stream](post, pre, out)

    def spread(self, sent: Any, weights: Any, out: Any) -> None:
        """As the contract says."""
        rows = out.shape[0] * out.shape[1]
        spread[_tiles(rows, out.shape[2]), (SIDE, SIDE), self.stream](sent, weights, out)

    def multiply(self, sent: Any, weights: Any, out: Any) -> None:
        """As the contract says."""
        clear[-(-out.size // SIDE**2), SIDE**2, self.stream](out.reshape(out.size))
        self.spread(sent.reshape(1, *sent.shape), weights, out.reshape(1, *out.shape))

    def repeat(self, step: Callable[[int, Any], None], steps: int, key: Hashable, arrays: tuple) -> None:
        """As the contract says, one after another."""
        for t in range(steps):
            step(t, self.stream)


def products(tf32: bool) -> AbstractProducts:
    """The faster ones that there are, on the default stream."""
    if not _torch_has_cuda(tf32):
        return Tiles()
    import torch

    return Cublas(torch.cuda.default_stream(), tf32)


def beside(tf32: bool) -> AbstractProducts:
    """The same on a stream of their own, beside which other work can go on."""
    if not _torch_has_cuda(tf32):
        return Tiles(cuda.stream())
    import torch

    return Cublas(torch.cuda.Stream(), tf32)


def _torch_has_cuda(wanted: bool) -> bool:
    if SIMULATED:
        return False
    import torch

    if wanted and not torch.cuda.is_available():
        raise NotOffered(
            "tf32=True rounds the products of cuBLAS, and this torch was built without CUDA; leave it out, or install one with it"
        )
    return torch.cuda.is_available()


def _multiply(sent: Any, weights: Any, out: Any) -> None:
    import torch

    torch.mm(_tensor(sent), _tensor(weights).T, out=_tensor(out))


def _on(stream: Any) -> Any:
    import torch

    return torch.cuda.stream(stream)


def _tensor(array: Any) -> Any:
    import torch

    return torch.as_tensor(array, device="cuda")


def _tiles(rows: int, columns: int) -> tuple[int, int]:
    return -(-columns // SIDE), -(-rows // SIDE)
