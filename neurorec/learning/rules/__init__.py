"""One learning rule per file: a point on two axes, influence and feedback."""
