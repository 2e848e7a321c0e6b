"""One loss per file: its value and its error, the direction in which outputs should move."""
