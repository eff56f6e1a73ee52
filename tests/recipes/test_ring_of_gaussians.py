import json

import keras

from keras_blog.__main__ import main

SMALL = ["--modes", "4", "--steps", "20", "--batch-size", "16", "--units", "8"]


def test_plays_measures_and_loads(tmp_path, capsys):
    games = ["--losses", "gan", "--penalties", "none", "r1"]
    assert main(["train", "ring-of-gaussians", "--out", str(tmp_path), *SMALL, *games]) == 0
    assert "Modes found, quality" in capsys.readouterr().out
    figures = json.loads((tmp_path / "metrics.json").read_text())["games"]
    assert set(figures) == {"gan, none", "gan, r1"}
    assert all(0 <= figure["quality"] <= 1 and 0 <= figure["modes"] <= 4 for figure in figures.values())
    assert {path.name for path in tmp_path.iterdir()} == {"model.keras", "metrics.json", "history.csv", "samples.png"}
    assert keras.saving.load_model(tmp_path / "model.keras").generate(3, seed=0).shape == (3, 2)


def test_bad_numbers_get_one_line(tmp_path, capsys):
    assert main(["train", "ring-of-gaussians", "--out", str(tmp_path / "run"), "--spread", "0"]) == 2
    assert "--spread must be positive; received 0" in capsys.readouterr().err
