"""What a network has learnt, and how: functions of networks and runs that return labelled arrays."""

from neurorec.dynamics.alignment import alignment as alignment
