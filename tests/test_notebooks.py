"""Notebooks run from start to end, and the executed `.ipynb` is the `.py` beside it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import keras
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="a notebook chooses its backend, so once is enough")
@each
def test_it_runs(path, tmp_path):
    environment = {**os.environ, "KERAS_BLOG_QUICK": "1", "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", str(path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    if "RuntimeError: could not download" in done.stderr:
        pytest.skip(f"no network: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr[-3000:]


@each
def test_both_forms_hold_the_same_cells(path):
    source, executed = jupytext.read(path), jupytext.read(path.with_suffix(".ipynb"))
    assert [(cell.cell_type, cell.source) for cell in executed.cells] == [
        (cell.cell_type, cell.source) for cell in source.cells
    ], f"make notebooks: {path.stem}.ipynb is older than {path.name}"


@each
def test_the_executed_form_was_run_in_order_and_without_an_error(path):
    cells = [c for c in json.loads(path.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"] if "outputs" in c]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert all(output["output_type"] != "error" and output.get("name") != "stderr" for output in outputs)
    printed = "".join("".join(output.get("text", "")) for output in outputs)
    assert str(Path.home()) not in printed
    assert str(ROOT) not in printed


@each
def test_it_imports_what_it_shows(path):
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"^class |register_keras_serializable", text, re.MULTILINE)
    assert 'find_spec("keras_blog") is None' in text  # installs itself only where it is not there
