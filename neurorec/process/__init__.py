"""The process and its machine: memory, threads, signals."""
