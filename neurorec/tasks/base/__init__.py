"""What a task is: trials, what makes them, and how answers are scored."""

from neurorec.tasks.base.task import AbstractTask

__all__ = ["AbstractTask"]
