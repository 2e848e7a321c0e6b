"""Which cells a sequence loop reads at the end of a syllable, one kind a file."""
