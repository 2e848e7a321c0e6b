"""Analyses of networks and runs; each returns labelled arrays (`xarray.Dataset`)."""

from typing import TYPE_CHECKING, Any

from neurorec.discovery import load, names

globals().update({name: load("dynamics", name) for name in names("dynamics")})  # in the places of the modules that they come from

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
