"""BPTT of the network of spikes.py in eager torch, as one writes it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurorec.timing.workload import Workload


def job(work: Workload) -> Callable[[], np.ndarray]:
    """What runs the trials and goes back through them; the change of the recurrent weights, (N, N)."""
    import torch

    class Spike(torch.autograd.Function):
        """1 at the threshold and above; the way back is through a triangle."""

        @staticmethod
        def forward(ctx, v):
            ctx.save_for_backward(v)
            return (v >= 1).to(v.dtype)

        @staticmethod
        def backward(ctx, grad):
            (v,) = ctx.saved_tensors
            return grad * 0.3 * torch.relu(1 - torch.abs(v - 1))

    net, given, number = work.network, work.stimulus, torch.float32
    x, target = (torch.tensor(each, dtype=number) for each in (given.inputs, given.targets))
    arrays = {"recurrent": net.recurrent, "input": net.input, "bias": net.bias, "readout": net.readout}
    learnt = {name: torch.tensor(each, dtype=number, requires_grad=True) for name, each in arrays.items()}
    a, samples = float(np.exp(-net.dt / net.per_unit("tau_m")[0])), x.shape[0] * x.shape[1]

    def change() -> np.ndarray:
        for each in learnt.values():
            each.grad = None
        v = z = torch.zeros(x.shape[1], net.units)
        total = torch.zeros(())
        for heard, wanted in zip(x.unbind(0), target.unbind(0), strict=True):
            v = a * v + z @ learnt["recurrent"].T + heard @ learnt["input"].T + learnt["bias"] - z.detach()
            z = Spike.apply(v)
            total = total + ((wanted - z @ learnt["readout"].T) ** 2).sum()
        (total / (2 * samples)).backward()
        return -learnt["recurrent"].grad.numpy()

    return change
