"""Laws of a loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.discovery import resolve
from neurorec.testing._laws import close, documented, hold
from neurorec.testing._plain import compiled
from neurorec.training.parts import settings_of

LINKS = ("identity", "softmax", "")


def check_loss(loss: Any) -> None:
    """Hold a loss to its laws: its error is minus its derivative, it means the same compiled, and is least where the target is met.

    Parameters
    ----------
    loss : loss, class or name
        Of a class derived from `neurorec.AbstractLoss`.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    law = resolve("losses", loss)
    documented(type(law))
    settings_of(law)
    hold(law.link in LINKS, law, f"its link is one of {LINKS}", repr(law.link))
    error = compiled(law, "error")
    for rows, columns in ((1, 2 if law.classes else 1), (6, 4)):
        rng = np.random.default_rng(rows)
        outputs, targets = rng.normal(size=(rows, columns)), np.eye(columns)[rng.integers(columns, size=rows)]
        _check_shapes(law, outputs, targets)
        _check_error(law, outputs, targets)
        _check_link(law, outputs, targets)
        short = outputs.astype(np.float32), targets.astype(np.float32)
        close(error(*short), law.error(*short), 1e-5, law, "error means the same compiled, in float32")
        met = 20 * targets - 10 if law.classes else targets  # logits that leave no doubt
        hold((law.value(met, targets) < law.value(outputs, targets)).all(), law, "it is smaller where the target is met than elsewhere")


def _check_shapes(law: Any, outputs: np.ndarray, targets: np.ndarray) -> None:
    value, error = law.value(outputs, targets), law.error(outputs, targets)
    hold(value.shape == outputs.shape[:1], law, f"value of {outputs.shape} outputs is one number a row", value.shape)
    hold(error.shape == outputs.shape, law, f"error of {outputs.shape} outputs is shaped as they are", error.shape)


def _check_error(law: Any, outputs: np.ndarray, targets: np.ndarray) -> None:
    error = law.error(outputs, targets)
    for column in range(outputs.shape[1]):
        moved = np.zeros_like(outputs)
        moved[:, column] = 1e-6
        slope = (law.value(outputs + moved, targets) - law.value(outputs - moved, targets)) / 2e-6
        apart = np.abs(error[:, column] + slope).max()
        hold(apart < 1e-7, law, "its error is minus the derivative of its value by the outputs, to 1e-7", f"{apart:.1e}")


def _check_link(law: Any, outputs: np.ndarray, targets: np.ndarray) -> None:
    """What engines compute in the place of its error, where it has a link."""
    share = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    softmax = share / share.sum(axis=1, keepdims=True) * targets.sum(axis=1, keepdims=True)
    answers = {"identity": outputs, "softmax": softmax, "": targets - law.error(outputs, targets)}
    close(targets - answers[law.link], law.error(outputs, targets), 1e-9, law, f"its error is what its link {law.link!r} says")
