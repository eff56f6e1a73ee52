import json

import pytest

from keras_blog.__main__ import main


def test_trains_and_agrees_with_the_mathematics(tmp_path, capsys, monkeypatch):
    """A tenth of the times, in larger steps; two of the games."""
    from keras_blog.recipes import dirac

    two = {name: dirac.games()[name] for name in ("k = .5, p = 2", "first GAN, R1 of 1")}
    monkeypatch.setattr(dirac, "games", lambda: two)
    monkeypatch.setattr(dirac, "_draw", lambda path, paths: path.write_text("drawn"))
    assert main(["train", "dirac", "--out", str(tmp_path), "--shorter", "50", "--step", "0.04"]) == 0
    assert "predicted" in capsys.readouterr().out
    for rows in json.loads((tmp_path / "metrics.json").read_text())["games"].values():
        for row in rows:
            assert row["distance"] == pytest.approx(row["predicted"], rel=0.03)
    assert {path.name for path in tmp_path.iterdir()} == {"model.keras", "metrics.json", "history.csv", "paths.png"}


def test_bad_steps_get_one_line(tmp_path, capsys):
    assert main(["train", "dirac", "--out", str(tmp_path / "run"), "--step", "0"]) == 2
    assert "--step must be in (0, 1)" in capsys.readouterr().err
