"""What is trained: networks and their weights; cells, surrogates, filters, parametrisations, architectures and presets, one per file."""
