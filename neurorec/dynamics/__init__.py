"""Analyses of networks and runs; each returns labelled arrays (`xarray.Dataset`)."""

from neurorec.dynamics.alignment import alignment as alignment
from neurorec.dynamics.principal_components import principal_components as principal_components
