"""What a network has learnt, and how: functions of networks and runs that return labelled arrays, one a file."""

from typing import TYPE_CHECKING, Any

from neurorec.discovery import load, names

globals().update({name: load("dynamics", name) for name in names("dynamics")})  # in the places of the modules that they come from

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
