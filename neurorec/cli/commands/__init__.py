"""The commands, one a file: each holds one function, whose arguments are what is typed."""
