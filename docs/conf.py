"""How the site is built: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from polyculture import __version__

project = "Polyculture"
author = "The Polyculture developers"
release = __version__
copyright = "The Polyculture developers, Apache-2.0"  # noqa: A001 - what Sphinx calls it

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "access",
    "docstrings",
    "elsewhere",
    "formulas",
    "reference_tables",
]
exclude_patterns = ["_build"]
# words of a type, "items" say, that are the name of something, too
suppress_warnings = ["ref.python"]

# headings can be linked to as they are on a page of a repository
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "dollarmath"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_numpy_docstring = True
napoleon_google_docstring = False
# what _ext/docstrings.py calls sentences on what is returned
napoleon_custom_sections = ["Returned"]
napoleon_use_rtype = False
napoleon_use_admonition_for_examples = False
python_use_unqualified_type_names = True
add_module_names = False

# quotes stay as they are typed
smartquotes_action = "De"

html_theme = "furo"
html_title = "Polyculture"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_math_renderer = "mathml"
html_theme_options = {"source_view_link": "", "source_edit_link": ""}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
