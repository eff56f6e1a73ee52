"""The recipe through the command line, on a small file of the user's own."""

import json

import keras
import pytest

from keras_blog import models
from keras_blog.__main__ import main


@pytest.fixture
def groups(tmp_path):
    """Ten groups by their first character."""
    path = tmp_path / "groups.tsv"
    lines = [f"{first}\t{first}{filler}{last}" for first in "abcdefghij" for filler in "xyz" for last in ("", "w")]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_train_on_a_file_leaves_its_files(groups, tmp_path, capsys):
    out = tmp_path / "run"
    command = ["train", "sentence-similarity", "--train", str(groups), "--out", str(out), "--epochs", "2", "--dim", "8"]
    assert main([*command, "--seeds", "1", "--losses", "softmax", "am-softmax", "--batch-size", "16"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["history.csv", "hits.png", "metrics.json", "model.keras"]
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert set(report) == {"softmax", "am-softmax"}
    assert [len(rows) for rows in report.values()] == [1, 1]
    assert report["softmax"][0]["queries"] == 12  # two of the ten groups are held out
    assert "mean ± deviation" in capsys.readouterr().out
    encoder = keras.saving.load_model(out / "model.keras")
    assert isinstance(encoder, models.SentenceEncoder)


def test_bad_lines_and_arguments(tmp_path, capsys):
    path = tmp_path / "bad.tsv"
    path.write_text("a\tone\nno tab here\n", encoding="utf-8")
    assert main(["train", "sentence-similarity", "--train", str(path), "--out", str(tmp_path / "run")]) == 2
    assert "bad.tsv:2: no group and text; expected GROUP<TAB>TEXT" in capsys.readouterr().err
    path.write_text("a\tone\nb\ttwo\n", encoding="utf-8")
    assert main(["train", "sentence-similarity", "--train", str(path), "--out", str(tmp_path / "run")]) == 2
    assert "--train must hold 5 groups" in capsys.readouterr().err
