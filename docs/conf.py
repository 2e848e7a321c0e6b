"""Sphinx settings; `make docs` builds the manual, and a warning is an error."""

import sys
from pathlib import Path

import neurorec

sys.path.insert(0, str(Path(__file__).parent))
import defaults  # noqa: E402 - beside this file
import members  # noqa: E402

defaults.main()  # the tasks' own settings, as the classes have them
members.main()  # what there is of each kind

project = "neurorec"
author = "the neurorec developers"
release = version = neurorec.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # MathJax itself among the pages: a manual is read on trains, too
    "sphinx_design",  # the cards of the front page
    "sphinx_copybutton",
    "numpydoc",
]
exclude_patterns = ["_build"]
default_role = "literal"  # docstrings quote names in single backticks
autodoc_typehints = "none"  # numpydoc's tables have them
numpydoc_show_class_members = False  # what matters is listed on the page

html_theme = "pydata_sphinx_theme"
html_title = f"neurorec {version}"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
html_show_sourcelink = False
# Only pages of a section have neighbours to list; elsewhere the column would be empty.
html_sidebars = {page: [] for page in ("index", "start", "extending", "api", "genindex", "py-modindex", "search")}
