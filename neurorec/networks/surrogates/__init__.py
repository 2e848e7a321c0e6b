"""Shapes of a spike's surrogate slope, one per file."""
