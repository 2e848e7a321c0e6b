"""What a network has learnt, and how: functions of networks and runs that return labelled arrays."""

from neurorec.dynamics.alignment import alignment as alignment
from neurorec.dynamics.principal_components import principal_components as principal_components
