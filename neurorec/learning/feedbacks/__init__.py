"""One way for the error to reach the units per file."""
