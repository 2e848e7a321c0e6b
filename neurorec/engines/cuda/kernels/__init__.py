"""The GPU's loops; all but `product` are copied, as they stand, into a package of each model's own (`neurorec.formula.cache`)."""
