"""Sizes at which every arrangement of the GPU's engine is held to the CPU's, and what `chosen` makes of them."""

from __future__ import annotations

# Arrangement, units, trials, steps; of leaky tanh cells. The processor's part takes a second at the largest.
SIZES = [
    ("on_chip", 64, 1, 200),
    ("on_chip", 64, 512, 50),
    ("on_chip", 256, 1, 200),
    ("on_chip", 256, 200, 50),
    ("across_chip", 1024, 1, 50),
    ("across_chip", 1024, 16, 20),
    ("across_chip", 2048, 4, 10),
    ("apart", 256, 512, 20),
    ("apart", 1024, 64, 20),
    ("apart", 2048, 128, 5),
]
LEARNING = [("leaky_tanh", 64, 1), ("leaky_tanh", 256, 4), ("leaky_tanh", 1024, 1), ("lstm", 128, 2)]  # at every step: cell, units, trials
