"""Figures of runs, one a file: each function takes `ax`, draws with matplotlib and returns what it drew on.

matplotlib is loaded by the first figure.
"""

from typing import TYPE_CHECKING, Any

from neurorec.discovery import load, names

globals().update({name: load("plots", name) for name in names("plots")})  # in the places of the modules that they come from

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
