"""A neuron is written once, as a formula; its derivatives follow symbolically and are printed as code for each engine."""
