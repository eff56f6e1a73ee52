import json

import numpy as np
import pytest

from keras_blog.__main__ import main
from keras_blog.datasets import debtags, yeast

STRONG = ("--batch-size", "16", "--learning-rate", "0.3")  # for few texts
FILES = ["f1.png", "history.csv", "metrics.json", "model.keras"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """150 texts, whose labels stand in them, between words that mean nothing."""
    path, rng = tmp_path_factory.mktemp("texts") / "train.tsv", np.random.default_rng(0)
    lines = []
    for _ in range(150):
        labels = [name for name in ("game", "sound", "editor") if rng.random() < 0.4]
        lines.append(f"{','.join(labels)}\t{' '.join([*labels, *rng.choice(list('uvwxyz'), 4)])}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_trains_on_a_file_writes_and_predicts(texts, tmp_path, capsys):
    assert main(["train", "multilabel", "--train", str(texts), "--out", str(tmp_path), "--epochs", "16", *STRONG]) == 0
    assert "108 training, 12 validation, 30 test samples; 3 labels" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    table = json.loads((tmp_path / "metrics.json").read_text())["test"]
    assert len(table) == 3
    for readings in table.values():
        assert list(readings) == ["as trained", "one tuned", "each tuned"]
        assert np.mean(readings["as trained"]) > 0.95
    assert main(["predict", str(tmp_path / "model.keras"), "a game with sound"]) == 0
    assert set(capsys.readouterr().out.strip().split(",")) == {"game", "sound"}


def test_trains_on_numbers_with_seeds(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 4)).astype("float32")
    y = np.tile(x[:, :2] > 0, 7).astype("float32")
    monkeypatch.setattr(yeast, "load_data", lambda: ((x[:80], y[:80]), (x[80:], y[80:])))
    arguments = ["--out", str(tmp_path), "--epochs", "1", "--units", "8", "--seeds", "2"]
    assert main(["train", "multilabel", *arguments]) == 0
    table = json.loads((tmp_path / "metrics.json").read_text())["test"]
    assert all(np.shape(list(readings.values())) == (3, 2, 2) for readings in table.values())


def test_bad_input_gets_one_line(texts, tmp_path, capsys, monkeypatch):
    other = tmp_path / "other.tsv"
    other.write_text("game\ta\nnews\tb\n", encoding="utf-8")
    (tmp_path / "few.tsv").write_text("game\ta\n", encoding="utf-8")

    def missing():
        raise RuntimeError("could not read Debian's tags: this machine has no apt-get")

    monkeypatch.setattr(debtags, "load_data", missing)
    for arguments, message in (
        (["--test", str(other)], "--test goes with --train"),
        (["--train", str(texts), "--test", str(other)], "labels of the test must be among those of the training, 3"),
        (["--train", str(tmp_path / "few.tsv")], "--train must hold at least 5 texts; received 1"),
        (["--train", str(texts), "--epochs", "0"], "--epochs must be at least 1; received 0"),
        (["--data", "debtags"], "could not read Debian's tags: this machine has no apt-get"),
    ):
        assert main(["train", "multilabel", *arguments, "--out", str(tmp_path / "run")]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
