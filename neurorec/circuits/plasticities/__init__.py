"""How reward changes what a sequence loop reads, one way a file."""
