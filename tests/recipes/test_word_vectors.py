"""`keras-blog train word-vectors`: its files, its figures."""

import json

import pytest

from keras_blog import mining
from keras_blog.__main__ import main
from keras_blog.datasets import analogies, people_daily, word_pairs

pytest.importorskip("scipy")
QUICK = ["--dim", "4", "--min-count", "2", "--epochs", "2", "--fresh"]


def test_english_text_of_a_file(tmp_path, monkeypatch, capsys):
    path, out = tmp_path / "text.txt", tmp_path / "out"
    path.write_text("The cat chased a mouse.\nThe dog chased the cat!\nSun and rain and wind\n" * 8, encoding="utf-8")
    pairs = [("Cat", "dog", 8.0), ("cat", "rain", 1.0), ("sun", "rain", 7.0), ("sun", "unknown", 5.0)]
    monkeypatch.setattr(word_pairs, "load_data", lambda name: pairs)
    monkeypatch.setattr(
        analogies, "load_data", lambda: {"all": [("Cat", "dog", "sun", "wind"), ("cat", "cats", "sun", "suns")]}
    )
    assert main(["train", "word-vectors", "--train", str(path), "--out", str(out), *QUICK]) == 0
    assert "120 tokens, 10 words" in capsys.readouterr().out
    figures = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["test"]["closed form"]
    assert set(figures) == {"wordsim353", "simlex999", "analogies"}
    assert all(-1 <= figure <= 1 for figure in figures.values())
    assert len(mining.WordVectors.load(out / "trained.txt")) == len(mining.WordVectors.load(out / "closed.txt")) == 10
    assert (out / "norms.png").read_bytes().startswith(b"\x89PNG")
    assert len((out / "neighbours.csv").read_text(encoding="utf-8").splitlines()) == 11
    assert not (out / "state.npz").exists()


def test_chinese_text_of_a_file(tmp_path, monkeypatch):
    path, out = tmp_path / "text.txt", tmp_path / "out"
    lines = ["今天天气好", "昨天天气好", "天气不好", "好天气", "今天不好", "他今天来", "昨天来"]
    path.write_text("\n".join(lines * 5), encoding="utf-8")
    gold = [[("今天", "t"), ("昨天", "t"), ("天气", "n"), ("好", "a"), ("不", "d"), ("来", "v")]]
    monkeypatch.setattr(people_daily, "load_words", lambda: gold)
    assert main(["train", "word-vectors", "--train", str(path), "--out", str(out), *QUICK]) == 0
    figures = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["test"]["trained"]
    assert 0 <= figures["part of speech"] <= 1
    assert "天气" in mining.WordVectors.load(out / "trained.txt")
