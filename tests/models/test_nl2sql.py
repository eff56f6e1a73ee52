"""The whole model, tiny, through its recipe: it learns a toy grammar, lives in one file, answers, and ignores padding."""

import csv
import itertools
import json

import keras
import numpy as np
import pytest

from keras_blog import models
from keras_blog.__main__ import main
from keras_blog.datasets.wikisql import Question
from keras_blog.models.question_rows import inputs, row
from keras_blog.sql import Query, Table

TABLE = Table(
    ["Town", "People", "Mayor"],
    ["text", "number", "text"],
    [("Bath", 94_000, "Ann Lee"), ("Wells", 12_000, "Bo"), ("Ely", 20_000, "Bo")],
)
NAMES = ["Bath", "Wells", "Ely", "York", "Ann Lee", "Bo", "Cy"]


def toy():
    for name, (asked, i), (column, j) in itertools.product(NAMES, [("Town", 0), ("Mayor", 2)], [("Town", 0), ("Mayor", 2)]):
        if i != j:
            yield Question(f"Which {asked} has {column} {name}?", TABLE, Query([("", i)], [(j, "=", name)]))
            yield Question(f"How many people if {column} is {name}", TABLE, Query([("SUM", 1)], [(j, "=", name)]))
    for number in ("5,000", "15,000", "30000", "7"):
        yield Question(f"Which Town has over {number} People", TABLE, Query([("", 0)], [(1, ">", number)]))
        yield Question(f"Count Towns under {number} People", TABLE, Query([("COUNT", 0)], [(1, "<", number)]))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The run folder of the recipe on the questions in a file, the model in it, and the questions."""
    folder, questions = tmp_path_factory.mktemp("nl2sql"), list(toy())
    with open(folder / "mine.jsonl", "w", encoding="utf-8") as file:
        for question in questions * 2:
            columns = question.table.columns
            entry = {
                "question": question.text,
                "columns": columns,
                "types": question.table.types,
                "select": [[aggregate, columns[i]] for aggregate, i in question.query.select],
                "where": [[columns[c.column], c.operator, c.value] for c in question.query.conditions],
            }
            file.write(json.dumps(entry) + "\n")
    arguments = "--epochs 6 --dim 16 --batch-size 16 --learning-rate 0.02 --dropout 0".split()
    train = ["train", "nl2sql", "--train", str(folder / "mine.jsonl"), "--out", str(folder / "run"), *arguments]
    assert main(train) == 0
    return folder / "run", keras.saving.load_model(folder / "run" / "model.keras", compile=False), questions


def test_the_recipe_leaves_its_files(trained):
    out, *_ = trained
    assert sorted(path.name for path in out.iterdir()) == ["accuracy.png", "history.csv", "metrics.json", "model.keras"]
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert 0 <= metrics["test"]["logical_form"] <= metrics["test"]["select"] <= 1
    with open(out / "history.csv", encoding="utf-8") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert len(rows) == 6
    assert rows[-1]["loss"] < 0.6 * rows[0]["loss"]
    parts = sum(rows[-1][f"{name}_loss"] for name in ("connector", "aggregate", "value", "operator", "column"))
    np.testing.assert_allclose(parts, rows[-1]["loss"], rtol=0.1)  # batches differ in size


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "must hold questions"),
        ("{", "mine.jsonl:1"),
        ('{"question": "a"}', "'columns' is missing"),
        ('{"question": "a", "columns": ["b"], "select": [["", "c"]]}', "received 'c'"),
        ('{"question": " ", "columns": ["b"], "select": [["", "b"]]}', "`question` must be"),
        ('{"question": "a", "columns": ["b"], "select": [["", "b"]]}', "at least 20 questions"),
    ],
)
def test_a_bad_file_is_refused(line, message, tmp_path, capsys):
    (tmp_path / "mine.jsonl").write_text(line)
    assert main(["train", "nl2sql", "--train", str(tmp_path / "mine.jsonl"), "--out", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err


def test_ask_answers_on_a_file(trained, tmp_path, capsys):
    out, *_ = trained
    (tmp_path / "towns.csv").write_text('Town,People,"Mayor"\nBath,"94,000",Ann Lee\nWells,,"x\'; DROP TABLE towns"\n')
    ask = ["ask", str(tmp_path / "towns.csv"), "Which Town has Mayor Ann Lee?", "--model", str(out / "model.keras")]
    assert main([*ask, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"sql", "parameters", "rows"}
    assert answer["sql"].count("?") == len(answer["parameters"])
    assert main(ask) == 0
    assert capsys.readouterr().out.startswith("SELECT ")


def test_ask_refuses_what_is_not_there(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("a\n1\n")
    for arguments, message in (
        (["no.csv", "question"], "no.csv: no such file"),
        ([str(tmp_path / "a.csv"), "question", "--model", "no.keras"], "no.keras: no such file"),
        ([str(tmp_path / "a.csv"), "question", "--model", str(tmp_path / "a.csv")], "not a model"),
    ):
        assert main(["ask", *arguments]) == 2
        assert message in capsys.readouterr().err


def test_it_answers_with_rows(trained):
    _, model, questions = trained
    found = model.translate([(question.text, question.table) for question in questions])
    assert len(found) == len(questions)
    answer = model.ask("Which Town has over 15,000 People", TABLE)
    assert answer.sql.startswith("SELECT ")
    assert "15" not in answer.sql  # bound, not pasted
    assert answer.log_probability <= 1e-5
    assert isinstance(answer.rows, list)


def test_wide_tables_are_answered_in_parts(trained):
    _, model, _ = trained
    table = Table([f"Column {i}" for i in range(100)], ["text"] * 100, [tuple(f"v{i}" for i in range(100))])
    (query,) = model.translate([("Which Column 3 has Column 50 v50?", table)])
    assert query is not None
    assert max(column for _, column in query.select) < 100


def test_padding_changes_nothing(trained):
    _, model, questions = trained
    rows = [row(model.tokenizer, question.text, question.table) for question in questions[:2]]
    x = inputs(rows, 256)
    wider = {name: np.pad(array, [(0, 0), (0, 8), (0, 0)][: array.ndim]) for name, array in x.items()}
    narrow, wide = ({name: keras.ops.convert_to_numpy(value) for name, value in model(batch).items()} for batch in (x, wider))
    steps, columns = x["segments"].shape[1], 3
    np.testing.assert_allclose(wide["connector"], narrow["connector"], atol=1e-5)
    np.testing.assert_allclose(wide["aggregate"][:, :columns], narrow["aggregate"][:, :columns], atol=1e-5)
    np.testing.assert_allclose(wide["column"][:, :steps, :columns], narrow["column"][:, :steps, :columns], atol=1e-5)


@pytest.mark.parametrize("question", ["", "  ", None, 5])
def test_no_question_is_refused(trained, question):
    with pytest.raises(ValueError, match="`question` must be a string"):
        trained[1].ask(question, TABLE)


def test_a_question_longer_than_the_model_is_refused(trained):
    with pytest.raises(ValueError, match="at most 256 tokens"):
        trained[1].ask("word " * 300, TABLE)


@pytest.mark.parametrize("options", [{"dim": 3}, {"dim": 0}, {"dim": True}, {"length": 2}, {"length": "9"}])
def test_bad_sizes_are_refused(options):
    with pytest.raises(ValueError, match=r"`(dim|length)` must"):
        models.NL2SQL(models.WordGrams(["a"]), **options)
