"""The sentiment recipe through the command line, on a small file of the user's own."""

import csv
import json

import numpy as np
import pytest

from keras_blog import models
from keras_blog.__main__ import main
from keras_blog.recipes import sentiment

SMALL = "--folds 2 --epochs 8 --batch-size 16 --units 8 --dim 8 --learning-rate 0.05 --dropout 0.1".split()


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """`good` holds the word `fine`, `poor` the word `sad`."""
    rng = np.random.default_rng(0)
    lines = []
    for i in range(96):
        words = [*rng.choice(["the", "room", "was", "so"], size=3), "fine" if i % 2 else "sad"]
        lines.append(f"{'good' if i % 2 else 'poor'}\t{' '.join(rng.permutation(words))}")
    path = tmp_path_factory.mktemp("corpus") / "train.tsv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(reviews, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    arguments = ["train", "sentiment", "--train", str(reviews), "--out", str(out), "--forms", "word", "one-hot", *SMALL]
    assert main(arguments) == 0
    return out


def test_train_leaves_its_files(trained):
    assert sorted(path.name for path in trained.iterdir()) == ["accuracy.png", "history.csv", "metrics.json", "model.keras"]
    metrics = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))
    assert set(metrics["accuracy"]) == {"word", "one-hot", "naive Bayes"}
    assert [len(values) for values in metrics["accuracy"].values()] == [2, 2, 2]
    assert np.mean(metrics["accuracy"]["word"]) > 0.9
    assert np.mean(metrics["accuracy"]["naive Bayes"]) == 1
    with open(trained / "history.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def test_predict_prints_the_class(trained, capsys):
    model = str(trained / "model.keras")
    assert main(["predict", model, "the room was fine"]) == 0
    label, probability = capsys.readouterr().out.split()
    assert label == "good"
    assert main(["predict", model, "--json", "so sad the room"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["text"], answer["labels"]) == ("so sad the room", ["poor"])
    assert 0.5 < float(probability) <= 1


def test_what_is_finished_is_not_trained_again(reviews, tmp_path, monkeypatch, capsys):
    """Interrupted in the second model, the same command trains the second alone."""
    arguments = ["train", "sentiment", "--train", str(reviews), "--out", str(tmp_path), "--forms", "character", *SMALL]
    calls, fit = [], sentiment._fit

    def interrupted(form, fold, *rest):
        calls.append(fold)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fit(form, fold, *rest)

    monkeypatch.setattr(sentiment, "_fit", interrupted)
    assert main(arguments) == 130
    assert main([*arguments, "--units", "9"]) == 2
    assert "is of a run with another units; --fresh starts anew" in capsys.readouterr().err
    assert main(arguments) == 0
    assert calls == [0, 1, 1]
    assert not (tmp_path / "progress.json").exists()


def test_batches_are_full_and_of_few_shapes():
    classifier = models.RecurrentClassifier(list("ab"), ["x", "y"], units=2, length=100)
    batches = sentiment._Batches(classifier, ["a" * n for n in range(1, 150)], np.zeros(149), 16)
    for _ in range(2):
        shapes = [batches[i][0].shape for i in range(len(batches))]
        assert set(shapes) == {(16, 64), (16, 100)}
        assert len(shapes) == 64 // 16 + 85 // 16
        batches.on_epoch_begin()
    batches.on_epoch_end()
    assert batches[0][0].shape != batches[1][0].shape
    few = sentiment._Batches(classifier, ["a", "b" * 90], np.zeros(2), 16)
    assert sorted(few[i][0].shape for i in range(len(few))) == [(1, 64), (1, 100)]


def test_bad_files_and_arguments_are_errors(reviews, tmp_path, capsys):
    bad = tmp_path / "bad.tsv"
    bad.write_text("good\tfine\nno tab\n", encoding="utf-8")
    for arguments, message in (
        (["--train", str(bad)], "bad.tsv:2: not a labelled text"),
        (["--train", str(reviews), "--folds", "1"], "--folds must be at least 2; received 1"),
        (["--train", str(reviews), "--folds", "60"], "needs 60 texts, one a fold"),
        (["--train", str(reviews), "--texts", "0"], "--texts must be at least 1"),
    ):
        assert main(["train", "sentiment", *arguments, "--out", str(tmp_path / "run")]) == 2
        assert message in capsys.readouterr().err
