"""What no formula can say: one torch module per file, with `initial` and `step`."""
