"""What is trained: networks, their weights, and what they are made of, one cell, filter, parametrisation or preset a file."""
