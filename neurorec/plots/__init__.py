"""Figures of runs, one a file: each function takes `ax`, draws with matplotlib and returns what it drew on.

A function takes the place of the module it comes from: ``nr.plots.rates(run)``. matplotlib is loaded by the first figure.
"""

from neurorec.plots.alignment import alignment as alignment
from neurorec.plots.angle import angle as angle
from neurorec.plots.angle_by_alignment import angle_by_alignment as angle_by_alignment
from neurorec.plots.cursor import cursor as cursor
from neurorec.plots.growth import growth as growth
from neurorec.plots.ink import ink as ink
from neurorec.plots.learning_curve import learning_curve as learning_curve
from neurorec.plots.outputs import outputs as outputs
from neurorec.plots.overview import overview as overview
from neurorec.plots.panels import panels as panels
from neurorec.plots.rates import rates as rates
