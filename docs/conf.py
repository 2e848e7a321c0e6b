"""Sphinx settings; `make docs` builds the manual, and a warning is an error."""

import neurorec

project = "neurorec"
author = "the neurorec developers"
release = version = neurorec.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc"]
exclude_patterns = ["_build"]
default_role = "literal"  # docstrings quote names in single backticks
autodoc_typehints = "none"  # numpydoc's tables have them
numpydoc_show_class_members = False  # what matters is listed on the page

html_theme = "pydata_sphinx_theme"
html_title = f"neurorec {version}"
html_static_path = ["_static"]
html_show_sourcelink = False
