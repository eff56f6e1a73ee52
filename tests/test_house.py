"""The rules of the house that a machine can check."""

import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import keras_blog

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "keras_blog").rglob("*.py"))
MODULES = sorted(module.name for module in pkgutil.walk_packages(keras_blog.__path__, "keras_blog."))


def _run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_arrows_point_one_way():
    _run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")


def test_ruff_is_content():
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    _run(ruff, "check", "--no-cache", "keras_blog", "tests", "benchmarks", "docs", "notebooks")
    _run(ruff, "format", "--no-cache", "--check", "keras_blog", "tests", "benchmarks", "docs")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_read_in_one_sitting_and_hold_nothing_unsafe(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    unsafe = r"keras\.src|import \*|\bpickle\b|\beval\(|\bexec\(|def train_step|\bLambda\(|enable_unsafe|TODO|FIXME"
    assert not re.findall(unsafe, text)


@pytest.mark.parametrize("name", MODULES)
def test_public_names_are_documented(name):
    if name.endswith("__main__"):
        return
    module = importlib.import_module(name)
    assert module.__doc__
    for public in getattr(module, "__all__", ()):
        assert getattr(module, public).__doc__, public


def test_importing_the_package_does_not_choose_a_backend():
    _run(sys.executable, "-c", "import sys, keras_blog, keras_blog.__main__; assert 'keras' not in sys.modules")
