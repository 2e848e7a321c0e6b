"""Seeds, and numbers that are counted rather than drawn in turn."""
