"""How fixed points look, by their stability: filled where they attract."""

from __future__ import annotations

from typing import Any

from neurorec.plots._look import COLOURS

LOOKS: dict[str, dict[str, Any]] = {
    "stable": {"marker": "o", "color": COLOURS[0]},
    "saddle": {"marker": "o", "color": COLOURS[1], "markerfacecolor": "white"},
    "unstable": {"marker": "X", "color": COLOURS[6]},
    "marginal": {"marker": "s", "color": COLOURS[2]},
}
