"""The recipe `pronounce` through the command line, on a small file of the user's own."""

import json

import numpy as np
import pytest

from keras_blog.__main__ import main

SMALL = ["--dim", "8", "--batch-size", "16", "--epochs", "1", "--beams", "2", "--learning-rate", "0.01"]


def pairs(path, count=60):
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abc"), size=4)) for _ in range(count)]
    path.write_text("".join(f"{word}\t{' '.join(word.upper())}\n" for word in words), encoding="utf-8")
    return str(path)


def test_it_leaves_its_files_and_predicts(tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", "pronounce", "--train", pairs(tmp_path / "pairs.tsv"), "--out", str(out), *SMALL]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["attention.png", "history.csv", "metrics.json", "model.keras"]
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert set(report) == {f"{name}, beam 2" for name in ("attention", "plain", "both-ends")}
    assert all(0 <= row["sequence_error_rate"] <= 1 for row in report.values())
    capsys.readouterr()
    assert main(["predict", str(out / "model.keras"), "--json", "abca"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["text"] == "abca"
    assert set(answer["output"].split()) <= {"A", "B", "C"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--train", "BAD"], "bad.tsv:1: no pair; expected SOURCE<TAB>TARGET"),
        (["--test", "x"], "--test needs --train"),
        (["--dim", "6"], "--dim must be a multiple of 4"),
        (["--beams", "0"], "--beams must be at least 1; received 0"),
        (["--epochs", "0"], "--epochs must be at least 1; received 0"),
    ],
)
def test_a_bad_argument_gets_one_line(arguments, message, tmp_path, capsys):
    (tmp_path / "bad.tsv").write_text("no tab\n", encoding="utf-8")
    arguments = [str(tmp_path / "bad.tsv") if argument == "BAD" else argument for argument in arguments]
    assert main(["train", "pronounce", *arguments, "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()
