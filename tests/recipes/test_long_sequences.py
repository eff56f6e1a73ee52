"""The recipes `long-text` and `char-lm` through the command line, on small files of the user's own."""

import csv
import json
import math

import keras
import numpy as np
import pytest

from keras_blog.__main__ import main
from keras_blog.recipes.char_lm import ngram_bits

SMALL = ["--dim", "8", "--window", "4", "--rate", "4", "--batch-size", "8", "--learning-rate", "0.02", "--dropout", "0"]


def files(out):
    return sorted(path.name for path in out.iterdir())


def test_long_text(tmp_path, capsys):
    rng = np.random.default_rng(0)
    lines = [f"{'bg'[i % 2]}\t{''.join(rng.choice(list('uvwxyz'[i % 2 :: 2]), size=20))}" for i in range(60)]
    (tmp_path / "train.txt").write_text("\n".join(lines), encoding="utf-8")
    out = tmp_path / "run"
    arguments = ["--train", str(tmp_path / "train.txt"), "--out", str(out), "--steps", "32", "--epochs", "3"]
    assert main(["train", "long-text", *arguments, *SMALL]) == 0
    assert files(out) == ["history.csv", "metrics.json", "model.keras", "training.png"]
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert set(report) == {"sparse", "dense"}
    assert set(report["sparse"]) == {"accuracy", "macro_f1", "seconds_an_epoch", "extra_peak_mb", "weights"}
    assert report["sparse"]["accuracy"] == report["dense"]["accuracy"] == 1
    assert report["sparse"]["weights"] == report["dense"]["weights"]
    with open(out / "history.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert keras.saving.load_model(out / "model.keras").classify(["uwyuwyuwyuwy", "vxzvxzvxzvxz"]) == ["b", "g"]
    capsys.readouterr()
    assert main(["predict", str(out / "model.keras"), "uwyuwyuwyuwy", "vxzvxzvxzvxz"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["b", "g"]


def test_char_lm(tmp_path):
    """A text in which a character tells the next: less than a bit each for n-grams and for the model."""
    (tmp_path / "text.txt").write_text("".join(np.random.default_rng(0).choice(["abcd", "dcba"], size=400)), encoding="utf-8")
    out = tmp_path / "run"
    arguments = ["--train", str(tmp_path / "text.txt"), "--out", str(out), "--steps", "32", "--epochs", "6", "--order", "3"]
    assert main(["train", "char-lm", *arguments, "--attention", "sparse", *SMALL]) == 0
    assert files(out) == ["history.csv", "metrics.json", "model.keras", "training.png"]
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["test"]["sparse"]
    assert report["ngram_bits"] < 1
    assert report["bits"] < 1.2


def test_ngrams_by_hand():
    """`abab`, order 2: p(a) = (2 + 2/2) / (4 + 2) = 1/2; after `a` (seen twice, one follower) p(b) = (2 + 1/2) / (2 + 1)."""
    assert ngram_bits([0, 1, 0, 1], [0, 1], 2, 2) == pytest.approx(-(math.log2(1 / 2) + math.log2(5 / 6)) / 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["long-text", "--test", "x.txt"], "--test needs --train"),
        (["long-text", "--dim", "12"], "--dim must be a multiple of 8"),
        (["char-lm", "--rate", "0"], "--rate must be at least 1; received 0"),
        (["char-lm", "--train", "TEXT"], "the text must have at least 3,072 characters"),
        (["long-text", "--train", "TEXT"], ":1: not a labelled text"),
    ],
)
def test_a_bad_argument_gets_one_line(arguments, message, tmp_path, capsys):
    (tmp_path / "text.txt").write_text("no tab", encoding="utf-8")
    arguments = [str(tmp_path / "text.txt") if argument == "TEXT" else argument for argument in arguments]
    assert main(["train", *arguments, "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()
