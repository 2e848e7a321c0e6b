"""The laws that every cell, rule, task ... keeps, for classes of your own too: ``neurorec.testing.check_cell(MyCell)``.

A check returns nothing if all laws hold; else AssertionError says which does not, what was expected and what was found. It needs
neither pytest nor hypothesis: sizes are drawn from a fixed seed, the smallest there can be among them. One kind a file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from neurorec.discovery import KINDS, singular

if TYPE_CHECKING:
    from neurorec.testing.architectures import check_architecture as check_architecture
    from neurorec.testing.cells import check_cell as check_cell
    from neurorec.testing.engines import check_engine as check_engine
    from neurorec.testing.feedbacks import check_feedback as check_feedback
    from neurorec.testing.filters import check_filter as check_filter
    from neurorec.testing.losses import check_loss as check_loss
    from neurorec.testing.optimisers import check_optimiser as check_optimiser
    from neurorec.testing.parametrisations import check_parametrisation as check_parametrisation
    from neurorec.testing.plots import check_plot as check_plot
    from neurorec.testing.presets import check_preset as check_preset
    from neurorec.testing.rules import check_rule as check_rule
    from neurorec.testing.surrogates import check_surrogate as check_surrogate
    from neurorec.testing.tasks import check_task as check_task
    from neurorec.testing.words import check_word as check_word

_CHECKS = {f"check_{singular(kind)}": kind for kind in KINDS}

__all__ = list(_CHECKS)  # pyright: ignore[reportUnsupportedDunderAll] - a check for every kind there is


def __getattr__(name: str) -> Any:
    if name not in _CHECKS:
        raise AttributeError(f"neurorec.testing has no {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f"neurorec.testing.{_CHECKS[name]}"), name)
