"""One neuron per file, written once as a formula."""
