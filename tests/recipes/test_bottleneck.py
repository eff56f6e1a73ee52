import json

import keras
import pytest

from keras_blog.__main__ import main

SMALL = ["--steps", "4", "--points", "2", "--runs", "2", "--filters", "4", "--latent", "2", "--batch-size", "8"]


@pytest.fixture
def file(tmp_path):
    lines = [f"{'good' if i % 2 else 'bad'}\t{'fine' if i % 2 else 'poor'} {i}" for i in range(30)]
    (tmp_path / "reviews.tsv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "reviews.tsv"


def test_bottleneck_writes_and_loads(file, tmp_path, without_xla):
    out = tmp_path / "run"
    assert main(["train", "bottleneck", "--train", str(file), "--out", str(out), "--sizes", "10", "99", *SMALL]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["bottleneck.png", "history.csv", "metrics.json", "model.keras"]
    runs = json.loads((out / "metrics.json").read_text())["runs"]
    assert list(runs) == ["without-10", "bottleneck-10", "without-24", "bottleneck-24"]
    assert all(len(run["history"]["val_accuracy"]) == 2 for run in runs["bottleneck-24"])
    assert runs["without-10"][0]["rate"] == 0 < runs["bottleneck-10"][0]["rate"]
    assert keras.saving.load_model(out / "model.keras").class_names == ["bad", "good"]
    assert main(["predict", str(out / "model.keras"), "fine 3"]) == 0


def test_bad_arguments_get_one_line(file, tmp_path, capsys):
    one = tmp_path / "one.tsv"
    one.write_text("good\tfine\n" * 9)
    for arguments, message in (
        (["--train", str(one)], "--train must hold at least 5 texts of 2 labels; received 9 of 1"),
        (["--train", str(file), "--steps", "0"], "--steps must be at least 1; received 0"),
    ):
        assert main(["train", "bottleneck", *arguments, "--out", str(tmp_path / "run")]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
