"""A neuron is written once, as a formula; its derivatives are derived and printed for each engine."""
