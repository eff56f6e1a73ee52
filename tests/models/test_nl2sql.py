"""The whole model, tiny: it learns a toy grammar, answers questions, ignores padding, and lives in one file."""

import itertools

import keras
import numpy as np
import pytest

from keras_blog import models
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
def trained():
    keras.utils.set_random_seed(0)
    questions = list(toy())
    words = models.WordGrams.words_of([question.text for question in questions] + list(TABLE.columns))
    model = models.NL2SQL(models.WordGrams(words, buckets=64, most=4), dim=16, dropout=0.0, length=32, seed=1)
    model.compile(keras.optimizers.Adam(0.02), loss=models.NL2SQL.losses_of_heads())
    history = model.fit(models.QuestionBatches(model, questions, batch_size=16), epochs=12, verbose=0).history
    return model, history, questions


def test_the_losses_of_the_heads_add_up_and_fall(trained):
    _, history, _ = trained
    assert history["loss"][-1] < 0.6 * history["loss"][0]
    parts = sum(history[f"{name}_loss"][-1] for name in ("connector", "aggregate", "value", "operator", "column"))
    np.testing.assert_allclose(parts, history["loss"][-1], rtol=0.05)  # batches differ in size


def test_it_answers_with_rows(trained):
    model, _, questions = trained
    found = model.translate([(question.text, question.table) for question in questions])
    assert len(found) == len(questions)
    answer = model.ask("Which Town has over 15,000 People", TABLE)
    assert answer.sql.startswith("SELECT ")
    assert "15" not in answer.sql  # bound, not pasted
    assert isinstance(answer.rows, list)


def test_wide_tables_are_answered_in_parts(trained):
    model, *_ = trained
    table = Table([f"Column {i}" for i in range(60)], ["text"] * 60, [tuple(f"v{i}" for i in range(60))])
    (query,) = model.translate([("Which Column 3 has Column 50 v50?", table)])
    assert query is not None
    assert max(column for _, column in query.select) < 60


def test_one_file_holds_everything(trained, tmp_path):
    model, _, questions = trained
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    pairs = [(question.text, question.table) for question in questions[:5]]
    assert loaded.translate(pairs) == model.translate(pairs)


def test_padding_changes_nothing(trained):
    model, _, questions = trained
    rows = [row(model.tokenizer, question.text, question.table) for question in questions[:2]]
    x = inputs(rows, 32)
    wider = {name: np.pad(array, [(0, 0), (0, 8), (0, 0)][: array.ndim]) for name, array in x.items()}
    narrow, wide = ({name: keras.ops.convert_to_numpy(value) for name, value in model(batch).items()} for batch in (x, wider))
    steps, columns = x["segments"].shape[1], 3
    np.testing.assert_allclose(wide["connector"], narrow["connector"], atol=1e-5)
    np.testing.assert_allclose(wide["aggregate"][:, :columns], narrow["aggregate"][:, :columns], atol=1e-5)
    np.testing.assert_allclose(wide["column"][:, :steps, :columns], narrow["column"][:, :steps, :columns], atol=1e-5)


@pytest.mark.parametrize("question", ["", "  ", None, 5])
def test_no_question_is_refused(trained, question):
    with pytest.raises(ValueError, match="`question` must be a string"):
        trained[0].ask(question, TABLE)


def test_a_question_longer_than_the_model_is_refused(trained):
    with pytest.raises(ValueError, match="at most 32 tokens"):
        trained[0].ask("word " * 40, TABLE)


@pytest.mark.parametrize("options", [{"dim": 3}, {"dim": 0}, {"dim": True}, {"length": 2}, {"length": "9"}])
def test_bad_sizes_are_refused(options):
    with pytest.raises(ValueError, match=r"`(dim|length)` must"):
        models.NL2SQL(models.WordGrams(["a"]), **options)
