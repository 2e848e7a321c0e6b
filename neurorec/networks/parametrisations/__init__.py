"""One weight map per file: from free parameters to ``recurrent``, with its exact vector-Jacobian product."""
