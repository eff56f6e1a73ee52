import json

import numpy as np
import pytest

from keras_blog.__main__ import main


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Three classes of 60, 20 and 4 texts, a word of each and words of none."""
    folder, rng = tmp_path_factory.mktemp("texts"), np.random.default_rng(0)
    for part in ("train", "test"):
        classes = ["a"] * 60 + ["b"] * 20 + ["c"] * 4
        lines = [f"{name}\t{name}word {' '.join(rng.choice(list('uvwxyz'), 4))}" for name in classes]
        (folder / f"{part}.tsv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_trains_writes_and_predicts(files, tmp_path, capsys):
    arguments = [
        "--train",
        str(files / "train.tsv"),
        "--test",
        str(files / "test.tsv"),
        "--out",
        str(tmp_path),
        "--epochs",
        "5",
    ]
    assert main(["train", "long-tail", *arguments]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["balance.png", "history.csv", "metrics.json", "model.keras"]
    figures = json.loads((tmp_path / "metrics.json").read_text())["test"]
    assert len(figures) == 6
    assert figures["logit-adjusted loss"]["balanced"] > 0.9
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "model.keras"), "cword u v"]) == 0
    assert capsys.readouterr().out == "c\n"
    assert main(["predict", str(tmp_path / "model.keras"), "--json", "aword"]) == 0
    assert json.loads(capsys.readouterr().out) == {"text": "aword", "labels": ["a"]}


def test_bad_files_get_one_line(files, tmp_path, capsys):
    bad = tmp_path / "bad.tsv"
    bad.write_text("a\tb\nc\n")
    train = str(files / "train.tsv")
    for arguments, message in (
        (["--train", str(bad), "--test", train], "bad.tsv:2: not a labelled text"),
        (["--train", train], "--train and --test must come together"),
        (["--epochs", "0"], "--epochs must be at least 1"),
    ):
        assert main(["train", "long-tail", *arguments, "--out", str(tmp_path / "run")]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
