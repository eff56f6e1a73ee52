"""What the documentation shows runs, and what it names exists."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import keras_blog
from keras_blog.recipes import COMMANDS, RECIPES

ROOT = Path(__file__).parent.parent
MODULES = sorted(module.name for module in pkgutil.walk_packages(keras_blog.__path__, "keras_blog."))


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    if name.endswith("__main__"):
        return
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert result.failed == 0


def _blocks(path):
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


PAGES = ["attention", "crf", "gan", "generative", "linking", "losses", "mining", "tables", "writing"]


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{name}.md" for name in PAGES)])
def test_python_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = _blocks(ROOT / page)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {})


def test_readme_commands_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make (\w+)", text, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test"} <= targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_every_recipe_is_on_the_front_page():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in (*RECIPES, *COMMANDS) if f"`{name}`" not in text and f"keras-blog {name}" not in text
            and f"train {name}" not in text] == []  # fmt: skip
