"""The site: `make docs`. It builds without the network and loads nothing from elsewhere: formulas are MathML."""

import base64
import importlib
import json
import os
import re
import textwrap
from pathlib import Path
from types import ModuleType

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from docutils.utils.math import latex2mathml

import keras_blog

project = "keras_blog"
author = "the keras_blog authors"
copyright = "2026, the keras_blog authors"
release = keras_blog.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "keras_blog"
html_math_renderer = "mathml"
html_show_sphinx = False
autodoc_inherit_docstrings = False  # Keras's own docstrings are Markdown
autodoc_member_order = "bysource"
autodoc_typehints = "none"
add_module_names = False
napoleon_google_docstring = True
napoleon_use_ivar = True  # attributes are described once
napoleon_custom_sections = [("Call arguments", "params_style")]
default_role = "code"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]
exclude_patterns = ["_build"]
GENERATED = Path(__file__).parent / "generated"
NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
OF_KERAS = """build call compute_mask compute_output_shape compute_output_spec from_config get_config update_state
on_train_begin on_epoch_begin on_epoch_end Path"""  # what Keras or Python brings, not for the reader


def setup(app):
    GENERATED.mkdir(exist_ok=True)
    app.connect("builder-inited", write_api_pages)
    app.connect("builder-inited", write_notebook_pages)
    app.connect("autodoc-process-docstring", tidy_docstring, priority=400)  # before napoleon
    app.add_html_math_renderer("mathml", (inline_formula, None), (block_formula, None))


def write_api_pages(app):
    """A page for each sub-package, with all that its `__all__` names."""
    options = f":members:\n:exclude-members: {', '.join(OF_KERAS.split())}"
    for room in keras_blog.__all__:
        module = importlib.import_module(f"keras_blog.{room}")
        parts = [f"# keras_blog.{room}"]
        inner = [name for name in module.__all__ if isinstance(getattr(module, name), ModuleType)]
        for name in inner or [None]:
            whole = f"keras_blog.{room}" + (f".{name}" if name else "")
            parts += [f"## {room}.{name}"] if name else []
            listed = hasattr(importlib.import_module(whole), "__all__")  # where nothing is listed, an import is no member
            lines = options + "\n:imported-members:" * listed
            parts.append(f"```{{eval-rst}}\n.. automodule:: {whole}\n{textwrap.indent(lines, '   ')}\n```")
        (GENERATED / f"api_{room}.md").write_text("\n\n".join(parts), encoding="utf-8")


def write_notebook_pages(app):
    """A page for each executed notebook, with its pictures."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        parts = []
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                source = re.sub(r"^\[!\[Open in Colab.*\n", "", source, flags=re.MULTILINE)  # its picture is elsewhere
                source = re.sub(r'<a id="([\w-]+)"></a>\n', rf"({path.stem}-\1)=\n", source)  # labels hold for all pages
                parts.append(re.sub(r"\]\(#([\w-]+)\)", rf"](#{path.stem}-\1)", source))
                continue
            parts.append(f"```python\n{source}\n```")
            for output in cell["outputs"]:
                if output.get("name") == "stdout":
                    parts.append(f"```text\n{''.join(output['text'])}```")
                elif "image/png" in output.get("data", {}):
                    picture = f"{path.stem}_{len(parts)}.png"
                    (GENERATED / picture).write_bytes(base64.b64decode(output["data"]["image/png"]))
                    parts.append(f"![]({picture})")
        (GENERATED / f"{path.stem}.md").write_text("\n\n".join(parts), encoding="utf-8")


def tidy_docstring(app, what, name, thing, options, lines):
    """Articles become links, references a list, and indented examples code."""
    tidy, heading = [], ""
    for line in lines:
        if line == "Example:":  # what follows is not indented, so napoleon would take it for prose
            tidy += [".. rubric:: Example", ""]
            continue
        if line and not line.startswith(" "):
            heading = line
        is_section = re.fullmatch(r"[A-Z][a-z ]+:", heading) or heading.startswith("..") or heading.endswith("::")
        if line.startswith("    ") and not is_section and tidy and not tidy[-1]:
            tidy += [".. code-block:: python", ""]
            heading = "::"
        if re.match(r"\s+(Articles?|Papers?): ", line):
            line = re.sub(r"(?<=\W)(\d{4,5})(?=, \d{4,5}|$)", r"`\1 <https://kexue.fm/archives/\1>`__", line)
            line = re.sub(r"^(\s+)", r"\1- ", line)
        tidy.append(line)
    lines[:] = tidy


def inline_formula(translator, node):
    """Visit."""
    write_formula(translator, node, block=False)


def block_formula(translator, node):
    """Visit."""
    write_formula(translator, node, block=True)


def write_formula(translator, node, block):
    from docutils import nodes

    formula = node.astext().replace(r"\dots", r"\ldots").replace(r"\textstyle", "")
    translator.body.append(latex2mathml.tex2mathml(formula, as_block=block))
    raise nodes.SkipNode
