"""`keras-blog text-distance`: its files, its errors, its scores."""

import csv
import json

import pytest

from keras_blog import mining
from keras_blog.__main__ import main
from keras_blog.datasets import glove, lee

pytest.importorskip("ot")
WORDS = ["the", "cat", "dog", "sat", "ran", "rain", "fell", "天气", "好", "不"]


@pytest.fixture
def vectors(tmp_path):
    table = [[1, 1, 0], [2, 0, 1], [2, 0.2, 1], [0, 2, 1], [0, 2, 0.5], [-2, 1, 3], [-2, 1, 2], [0, 0, 2], [0, 1, 2], [1, 0, 2]]
    mining.WordVectors(WORDS, table).save(tmp_path / "vectors.txt")
    return str(tmp_path / "vectors.txt")


def test_texts_of_a_file(tmp_path, vectors, capsys):
    path, out = tmp_path / "texts.txt", tmp_path / "out"
    path.write_text("The cat sat!\nthe dog ran\nRain fell\n天气不好\nzzz\n", encoding="utf-8")
    options = ["--vectors", vectors, "--out", str(out), "--convert", "none"]
    assert main(["text-distance", str(path), *options]) == 0
    printed = capsys.readouterr().out
    assert "5 texts, 11 words with a vector of 10" in printed  # the cat sat, the dog ran, rain fell, 天气 不 好
    assert "The cat sat! | the dog ran" in printed.splitlines()[1]
    with open(out / "distances.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    assert all(float(row["RWMD none"]) <= float(row["WMD none"]) + 1e-9 for row in rows)
    assert (out / "plan.png").read_bytes().startswith(b"\x89PNG")
    assert main(["text-distance", str(path), *options, "--query", "a dog", "--top", "2"]) == 0
    assert [line.split("  ")[1] for line in capsys.readouterr().out.splitlines()[1:]] == ["the dog ran", "The cat sat!"]


def test_scored_pairs_of_a_file(tmp_path, vectors, capsys):
    path, out = tmp_path / "pairs.tsv", tmp_path / "out"
    path.write_text("the cat sat\tthe dog sat\t5\nthe cat ran\train fell\t0\nthe dog ran\tthe cat sat\t4\n", encoding="utf-8")
    assert main(["text-distance", str(path), "--vectors", vectors, "--out", str(out)]) == 0
    found = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["correlations"]
    assert len(found) == 15
    assert found["WMD none"]["spearman"] == pytest.approx(1)
    path.write_text("the cat\t5\n", encoding="utf-8")
    assert main(["text-distance", str(path), "--vectors", vectors]) == 2
    assert "pairs.tsv:1: no scored pair; expected TEXT<TAB>TEXT<TAB>NUMBER" in capsys.readouterr().err


def test_what_cannot_be_compared_is_one_line(tmp_path, vectors, capsys):
    path = tmp_path / "texts.txt"
    for text, message in (("cat\n", "no two texts"), ("xx\nyy\n", "must hold words that have a vector")):
        path.write_text(text, encoding="utf-8")
        assert main(["text-distance", str(path), "--vectors", vectors]) == 2
        assert message in capsys.readouterr().err
    path.write_text("cat\ndog\n", encoding="utf-8")
    assert main(["text-distance", str(path), "--vectors", vectors, "--query", "zz"]) == 2
    assert "`--query` must hold a word that has a vector" in capsys.readouterr().err


def test_the_corpora():
    pytest.importorskip("pyarrow")
    try:
        texts, pairs = lee.load_data()
        words, vectors = glove.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert (len(texts), len(pairs), min(mark for *_, mark in pairs), max(mark for *_, mark in pairs)) == (50, 1225, 0.2, 1.0)
    assert (words[:3], vectors.shape, vectors.dtype) == (["the", ",", "."], (400_000, 50), "float32")
