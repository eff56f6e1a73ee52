"""`keras-blog vocabulary`: its files, its errors, its score."""

import json

from keras_blog.__main__ import main
from keras_blog.datasets import people_daily


def test_words_of_a_file(tmp_path, capsys):
    path = tmp_path / "texts.txt"
    lines = ["今天天气好", "昨天天气好", "天气不好", "好天气", "今天不好", "他今天来", "昨天来"]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["vocabulary", str(path), "--out", str(tmp_path / "out")]) == 0
    assert "bits a character" in capsys.readouterr().out
    assert "天气" in (tmp_path / "out" / "plain.txt").read_text(encoding="utf-8").splitlines()
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["bits_per_character"] < metrics["bits_per_character_before"]
    assert (tmp_path / "out" / "words.png").read_bytes().startswith(b"\x89PNG")
    path.write_bytes(b"a\n\xff\n")
    assert main(["vocabulary", str(path)]) == 2
    assert "texts.txt:2: not UTF-8" in capsys.readouterr().err


def test_words_are_scored_where_there_are_gold_words(tmp_path, monkeypatch, capsys):
    paragraphs = [[("今天", "t"), ("天气", "n"), ("好", "a")], [("天气", "n"), ("不", "d"), ("好", "a")], [("今天", "t")]] * 3
    monkeypatch.setattr(people_daily, "load_words", lambda: paragraphs)
    assert main(["vocabulary", "--out", str(tmp_path)]) == 0
    scores = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))["scores"]["refined"]
    assert 0 < scores["f1"] <= 1
    assert "refined" in capsys.readouterr().out
