"""A figure that a notebook shows once."""

from __future__ import annotations

from typing import Any, final

import matplotlib
import matplotlib.figure
import matplotlib.pyplot as plt


@final
class Figure(matplotlib.figure.Figure):
    """Of pyplot, so that ``plt.show()`` and the end of a notebook's cell show it; and not once more where it is the cell's value."""

    def _ipython_display_(self, **kwargs: Any) -> None:
        if "inline" in matplotlib.get_backend():
            plt.close(self)  # or the end of the cell would show it, too
        raise NotImplementedError  # IPython's way to ask for the picture it makes of any figure
