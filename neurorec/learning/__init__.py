"""What changes weights: rules, feedbacks, losses and optimisers, one a file."""
