"""What is trained: networks and their weights; cells, filters, parametrisations, architectures and presets, one per file."""
