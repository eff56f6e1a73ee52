"""The site: `make docs`."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras_blog

project = "keras_blog"
author = "the keras_blog authors"
copyright = "2026, the keras_blog authors"
release = keras_blog.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
html_theme = "furo"
html_title = "keras_blog"
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = True
napoleon_custom_sections = [("Call arguments", "params_style"), "References", "Example"]
default_role = "code"
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]
exclude_patterns = ["_build"]
