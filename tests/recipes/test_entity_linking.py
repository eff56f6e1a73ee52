"""The recipe through the command line, on small files of the user's own."""

import csv
import json

import pytest

from keras_blog.__main__ import main
from keras_blog.models.knowledge_base import KnowledgeBase
from keras_blog.recipes import linking_figures
from tests.models.test_entity_linker import ENTITIES, world

SMALL = "--epochs 6 --batch-size 16 --dim 12 --units 6 --dropout 0 --learning-rate 0.03".split()


def written(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    keys = ("start", "end", "entity")
    rows = [
        {"text": text, "mentions": [dict(zip(keys, mention, strict=True)) for mention in mentions]}
        for text, mentions in zip(*world(128), strict=True)
    ]
    return ["--train", written(folder / "train.jsonl", rows), "--entities", written(folder / "entities.jsonl", ENTITIES)]


@pytest.fixture(scope="module")
def trained(files, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    assert main(["train", "entity-linking", *files, "--out", str(out), *SMALL]) == 0
    return out


def test_train_leaves_its_files(trained):
    assert sorted(path.name for path in trained.iterdir()) == ["accuracy.png", "history.csv", "metrics.json", "model.keras"]
    test = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert set(test) == {"first sense", "Lesk", "linker", "none", "longest names", "mentions", "links"}
    assert test["linker"]["accuracy"] > test["first sense"]["accuracy"]
    assert test["linker"]["accuracy"] <= test["linker"]["mrr"] <= 1
    assert test["Lesk"]["accuracy"] > 0.8  # the clue is a word of the description
    assert test["longest names"]["recall"] == 1
    with open(trained / "history.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def test_predict_prints_the_links(trained, capsys):
    model = str(trained / "model.keras")
    assert main(["predict", model, "--json", "the good Java sea here"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["text"] == "the good Java sea here"
    for span in answer["spans"]:
        assert set(span) == {"start", "end", "entity", "probability", "text"}
        assert answer["text"][span["start"] : span["end"]] == span["text"]


def test_a_line_of_links():
    from keras_blog.recipes import prediction

    spans = [{"text": "Java", "entity": "Q1"}, {"text": "New York", "entity": None}]
    assert prediction.line({"text": "", "spans": spans}) == "Java/Q1 New York/?"


def test_lesk_counts_shared_words_rare_ones_more_and_leaves_out_the_mention():
    entities = [
        {"id": "a", "names": {"x": 2}, "description": "x red common"},
        {"id": "b", "names": {"x": 1}, "description": "rare common"},
        {"id": "c", "names": {"y": 1}, "description": "red common"},
    ]
    base = KnowledgeBase(entities)
    rows = [("x rare red", 0, 1), ("x red", 0, 1), ("x common", 0, 1), ("rare y", 5, 6), ("nothing", 0, 7)]
    assert linking_figures.lesk(base, rows) == [["b", "a"], ["a", "b"], ["a", "b"], ["c"], []]


def test_ranking():
    orders, gold = [["a", "b"], ["a", "b"], ["a"], []], ["a", "b", "b", "b"]
    assert linking_figures._ranking(orders, gold) == {"accuracy": 0.25, "mrr": 0.375, "mentions": 4}


def test_bad_files_and_arguments_are_errors(files, tmp_path, capsys):
    train, entities = files[1], files[3]
    bad = written(tmp_path / "bad.jsonl", [{"text": "Java", "mentions": [{"start": 0, "end": 4, "entity": "nobody"}]}])
    few = written(tmp_path / "few.jsonl", [{"text": "Java", "mentions": []}] * 19)
    none = written(tmp_path / "none.jsonl", [{"text": "Java", "mentions": []}] * 30)
    for arguments, message in (
        (["--train", train], "--train and --entities go together"),
        (["--test", train], "--train and --entities go together"),
        (["--train", bad, "--entities", entities], "bad.jsonl:1: no entity; expected an id of the knowledge base, or null"),
        (["--train", few, "--entities", entities], "must leave at least 20 texts"),
        (["--train", none, "--entities", entities], "the training texts must hold a mention with an entity"),
        ([*files, "--texts", "5"], "must leave at least 20 texts"),
        ([*files, "--units", "0"], "--units must be at least 1; received 0"),
    ):
        assert main(["train", "entity-linking", *arguments, "--out", str(tmp_path / "run")]) == 2
        assert message in capsys.readouterr().err
