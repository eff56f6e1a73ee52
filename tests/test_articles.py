"""The concordance of articles is complete, and the pages of the guide run. `test_documentation.py` reads the front page."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import keras_blog

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "articles.md").read_text(encoding="utf-8")
# article -> (files, notebooks, objects)
ROWS = {
    row.group(1): [re.findall(r"`([^`]+)`", cell) for cell in row.group(2).split("|")[2:5]]
    for row in re.finditer(r"^\| \[(\d+)\]\(https://kexue\.fm/archives/\1\) \|(.*)\|$", PAGE, re.MULTILINE)
}


def _public():
    """`(name, object)` of all that the sub-packages export, `layers.CRF` and so on."""
    for room in keras_blog.__all__:
        module = importlib.import_module(f"keras_blog.{room}")
        for name in module.__all__:
            yield f"{room}.{name}", getattr(module, name)


def _cited(text):
    lines = re.findall(r"Articles?: kexue\.fm ([\d, ]+)", text or "")
    return {number for line in lines for number in re.findall(r"\d+", line)}


def test_there_are_rows():
    assert len(ROWS) >= 4
    assert len(ROWS) == len(re.findall(r"^\| \[", PAGE, re.MULTILINE))


@pytest.mark.parametrize("article", ROWS)
def test_a_row_names_what_exists_and_cites_it(article):
    files, notebooks, objects = ROWS[article]
    assert files
    assert objects
    for name in files:
        assert article in _cited((ROOT / name).read_text(encoding="utf-8")), f"{name} does not cite {article}"
    for name in notebooks:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert f"kexue.fm/archives/{article}" in text, f"{name} does not cite {article}"
    for name in objects:
        thing = keras_blog
        for part in name.split("."):
            thing = getattr(thing, part)
        assert article in _cited(thing.__doc__), f"{name} does not cite {article}"


@pytest.mark.parametrize(("name", "thing"), _public(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_cites_an_article_is_in_its_row(name, thing):
    for article in _cited(thing.__doc__):
        assert article in ROWS, f"{name} cites {article}, which has no row"
        file = Path(inspect.getsourcefile(thing)).relative_to(ROOT).as_posix()
        assert file in ROWS[article][0], f"{name} cites {article}, whose row lacks {file}"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda path: path.stem)
def test_a_notebook_is_in_the_rows_of_its_articles(path):
    cited = set(re.findall(r"kexue\.fm/archives/(\d+)", path.read_text(encoding="utf-8")))
    assert cited
    for article in cited:
        assert f"notebooks/{path.stem}.ipynb" in ROWS[article][1], f"{path.name} cites {article}"


def test_what_is_planned_is_not_there_yet():
    planned = re.findall(r"\b\d{4,5}\b", PAGE[PAGE.index("## Planned") : PAGE.index("## Out of scope")])
    assert len(planned) == len(set(planned))
    assert not set(planned) & set(ROWS)


@pytest.mark.parametrize("page", ["getting_started", "exact_resume"])
def test_pages_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {})


def test_every_page_is_in_the_contents():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for path in (ROOT / "docs").glob("*.md"):
        assert path.stem == "index" or re.search(rf"^{path.stem}$", index, re.MULTILINE), path
    for path in (ROOT / "notebooks").glob("*.py"):
        assert f"generated/{path.stem}\n" in index
