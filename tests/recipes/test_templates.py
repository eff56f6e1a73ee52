"""`keras-blog templates`: its files, its parses, its errors."""

import json

from keras_blog.__main__ import main
from keras_blog.datasets import home_assistant


def test_templates_of_a_file(tmp_path, capsys):
    path, out = tmp_path / "sentences.txt", tmp_path / "out"
    fruits, colours = ["apples", "pears", "plums", "figs"], ["red", "green", "blue", "black"]
    path.write_text("".join(f"Why are {a} so {b}?\n" for a in fruits for b in colours), encoding="utf-8")
    command = ["templates", str(path), "--min-pmi", "0.5", "--max-paths", "1", "--out", str(out)]
    assert main([*command, "--parse", "why are figs so blue", "..."]) == 0
    assert "why are … so …" in capsys.readouterr().out
    found = json.loads((out / "templates.json").read_text(encoding="utf-8"))
    assert found["templates"] == [{"words": ["why", "are", None, "so", None], "sentences": 16}]
    assert found["parses"] == [{"text": "why are figs so blue", "parse": "whyare(figs)so(blue)", "score": 0.0}]
    assert (out / "templates.csv").read_text(encoding="utf-8").splitlines() == ["template,sentences", "why are … so …,16"]
    assert (out / "templates.png").read_bytes().startswith(b"\x89PNG")
    path.write_bytes(b"a\n\xff\n")
    assert main(["templates", str(path)]) == 2
    assert "sentences.txt:2: not UTF-8" in capsys.readouterr().err


def test_no_template_is_no_error_and_chinese_is_cut(tmp_path, monkeypatch, capsys):
    texts = ["打开客厅的灯", "关闭客厅的灯", "打开卧室的灯", "关闭卧室的灯"] * 5
    monkeypatch.setattr(home_assistant, "load_data", lambda: ((texts, texts), ([], [])))
    assert main(["templates", "--min-pmi", "9", "--parse", "打开灯", "--out", str(tmp_path)]) == 0
    assert "4 words, 0 templates with a gap" in capsys.readouterr().out
