"""What the process that computes asks of its machine: memory, threads, signals."""
