"""The tagging recipes through the command line, on a small file of the user's own."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from keras_blog.__main__ import main
from keras_blog.recipes import tagging
from keras_blog.recipes.run_folder import write_json

ARGUMENTS = ["--dim", "16", "--batch-size", "16", "--learning-rate", "0.02", "--dropout", "0.1"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """300 sentences in which `x`, `y` and what follows them write a name."""
    rng = np.random.default_rng(0)
    lines = []
    for _ in range(300):
        for _ in range(rng.integers(3, 8)):
            if rng.random() < 0.3:
                kind = rng.choice(["x", "y"])
                lines += [f"{kind} B-{kind.upper()}", f"{rng.choice(list('abc'))} I-{kind.upper()}"]
            else:
                lines.append(f"{rng.choice(list('abcdef'))} O")
        lines.append("")
    path = tmp_path_factory.mktemp("corpus") / "train.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    assert main(["train", "ner", "--train", str(corpus), "--out", str(out), "--epochs", "4", *ARGUMENTS]) == 0
    return out


def test_train_leaves_its_files(trained):
    assert sorted(path.name for path in trained.iterdir()) == [
        "history.csv",
        "metrics.json",
        "model.keras",
        "transitions.png",
    ]
    metrics = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))
    assert set(metrics["test"]["crf"]) == {"overall", "X", "Y"}
    assert metrics["test"]["crf"]["overall"]["f1"] > 0.9
    assert metrics["settings"]["epochs"] == "4"
    with open(trained / "history.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert (trained / "transitions.png").read_bytes()[:4] == b"\x89PNG"


def test_predict_prints_spans(trained, capsys, monkeypatch):
    model = str(trained / "model.keras")
    assert main(["predict", model, "axbdd"]) == 0
    assert capsys.readouterr().out == "xb/X\n"
    monkeypatch.setattr("sys.stdin", io.StringIO("axbdd\n\nyc\n"))
    assert main(["predict", model, "--json"]) == 0
    first, empty, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"text": "axbdd", "spans": [{"start": 1, "end": 3, "type": "X", "text": "xb"}]}
    assert empty == {"text": "", "spans": []}
    assert last["spans"][0]["type"] == "Y"
    assert main(["predict", model, "axbdd", "--json", "yc"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    with pytest.raises(SystemExit):
        main(["predict", model, "axbdd", "--nonsense"])


def test_words_of_a_user_are_split_at_white_space(tmp_path, capsys):
    rows = [
        "Anna B-PER",
        "Smith I-PER",
        "sleeps O",
        "",
        "the O",
        "dog O",
        "sees O",
        "Anna B-PER",
        "Smith I-PER",
        "",
    ] * 30
    (tmp_path / "train.txt").write_text("\n".join(rows), encoding="utf-8")
    arguments = [
        "train",
        "ner",
        "--train",
        str(tmp_path / "train.txt"),
        "--out",
        str(tmp_path / "run"),
        "--epochs",
        "6",
    ]
    assert main([*arguments, *ARGUMENTS]) == 0
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "run" / "model.keras"), "the dog sees  Anna Smith", "--json"]) == 0
    (span,) = json.loads(capsys.readouterr().out)["spans"]
    assert span == {"start": 14, "end": 24, "type": "PER", "text": "Anna Smith"}


def test_killed_and_resumed_equals_unbroken(corpus, tmp_path):
    """`kill -9` after the first epoch; the same command then ends with the numbers of a run that nobody disturbed."""
    arguments = ["train", "ner", "--train", str(corpus), "--epochs", "3", *ARGUMENTS]

    def start(out):
        command = [sys.executable, "-m", "keras_blog", *arguments, "--out", str(out)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    unbroken = start(tmp_path / "unbroken")
    broken = start(tmp_path / "broken")
    deadline = time.time() + 300
    while not (tmp_path / "broken" / "state-crf.npz").exists() and time.time() < deadline and broken.poll() is None:
        time.sleep(0.02)
    os.kill(broken.pid, signal.SIGKILL)
    broken.communicate()
    assert not (tmp_path / "broken" / "model.keras").exists()
    output, _ = unbroken.communicate(timeout=300)
    assert unbroken.returncode == 0, output
    resumed = start(tmp_path / "broken")
    output, _ = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, output
    assert "continuing after epoch" in output
    reports = [json.loads((tmp_path / run / "metrics.json").read_text())["test"] for run in ("unbroken", "broken")]
    assert reports[0] == reports[1]
    assert (tmp_path / "unbroken" / "history.csv").read_text() == (tmp_path / "broken" / "history.csv").read_text()
    weights = [zipfile.ZipFile(tmp_path / run / "model.keras").read("model.weights.h5") for run in ("unbroken", "broken")]
    assert _arrays(weights[0]) == _arrays(weights[1])


def _arrays(content):
    import h5py

    found = {}
    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(lambda name, item: found.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None)
    assert found
    return found


def test_an_unfinished_run_with_other_settings_is_not_continued(corpus, tmp_path, capsys, monkeypatch):
    arguments = ["train", "ner", "--train", str(corpus), "--out", str(tmp_path), "--epochs", "1", *ARGUMENTS]
    with monkeypatch.context() as patch:
        patch.setattr(tagging, "_evaluate", _interrupt_on_second_call(tagging._evaluate))
        assert main(arguments) == 130  # Ctrl-C, after the first epoch
    assert "the same command continues" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["state-crf.npz"]
    assert main([*arguments, "--seed", "7"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("keras-blog: error: ")
    assert "seed" in error
    assert main([*arguments, "--seed", "7", "--fresh"]) == 0


def _interrupt_on_second_call(function):
    calls = []

    def call(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return function(*args)

    return call


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a O\nb\n", ":2: "),
        ("a O\nb Q-X\n\n" * 30, "Q-X"),
        ("a O\n\n" * 5, "at least 20 sentences"),
        (None, "no-such-file"),
    ],
)
def test_a_bad_file_gets_one_line_and_leaves_nothing(tmp_path, capsys, content, message):
    path = tmp_path / ("train.txt" if content else "no-such-file.txt")
    if content:
        path.write_text(content, encoding="utf-8")
    assert main(["train", "ner", "--train", str(path), "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("keras-blog: error: ")
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_bad_models_and_backends_get_one_line(tmp_path, capsys):
    (tmp_path / "bad.keras").write_bytes(b"not a model")
    for model in (tmp_path / "bad.keras", tmp_path / "none.keras"):
        assert main(["predict", str(model), "x"]) == 2
        error = capsys.readouterr().err
        assert str(model) in error
        assert error.count("\n") == 1


def test_list_names_the_recipes(capsys):
    assert main(["list"]) == 0
    assert {"ner", "word-segmentation"} <= set(capsys.readouterr().out.split())


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "metrics.json"
    write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    assert json.loads(path.read_text()) == {"old": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.json"]
