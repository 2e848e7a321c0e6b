"""Training: from the call to the closed file, batch after batch."""
