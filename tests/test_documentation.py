"""What the documentation shows runs, and what it names exists."""

import doctest
import importlib
import os
import pkgutil
import re
from pathlib import Path

import pytest

import keras_blog
from keras_blog import callbacks, layers, losses, metrics, models

ROOT = Path(__file__).parent.parent
MODULES = sorted(module.name for module in pkgutil.walk_packages(keras_blog.__path__, "keras_blog."))
ARTICLES = (ROOT / "docs" / "articles.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    if name.endswith("__main__"):
        return
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert result.failed == 0


def _blocks(path):
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/crf.md"])
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


def test_concordance_names_what_exists():
    rows = [line for line in ARTICLES.splitlines() if line.startswith("| [")]
    assert rows
    for row in rows:
        _, article, _, _, files, notebooks, *_ = row.split("|")
        number = re.search(r"\[(\d+)\]", article).group(1)
        assert f"archives/{number}" in article
        for name in re.findall(r"`([\w/]+\.(?:py|ipynb))`", files + notebooks):
            assert (ROOT / name).is_file(), name
        sources = [(ROOT / name).read_text(encoding="utf-8") for name in re.findall(r"`(keras_blog/[\w/]+\.py)`", files)]
        assert any(number in source for source in sources), f"{number} is not cited in {files}"


def test_concordance_has_every_article_that_is_cited():
    rows = "\n".join(line for line in ARTICLES.splitlines() if line.startswith("| ["))
    for room in (callbacks, layers, losses, metrics, models):
        for name in room.__all__:
            for line in re.findall(r"Articles?: kexue\.fm ([\d, ]+)", getattr(room, name).__doc__):
                for number in re.findall(r"\d+", line):
                    assert f"[{number}]" in rows, f"{name} cites {number}"


def test_notebooks_have_a_row():
    for path in (ROOT / "notebooks").glob("*.py"):
        assert f"notebooks/{path.stem}.ipynb" in ARTICLES
    assert os.path.isdir(ROOT / "notebooks")
