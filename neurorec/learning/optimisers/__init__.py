"""One optimiser per file: how a change of the loss becomes a change of the weights."""
