"""Sweeps: many trainings that differ in some settings, each a run file of its own, finished whatever happens to the processes."""
