"""The decoder without a network: heads that are sure of a query give that query back, and never one that the table refuses."""

import itertools

import numpy as np
import pytest

from keras_blog.datasets.wikisql import Question
from keras_blog.models.question_rows import inputs, labels, locate, parts_of, row
from keras_blog.models.sql_decoder import candidates, grounded, join_parts
from keras_blog.models.word_grams import WordGrams
from keras_blog.sql import AGGREGATES, CONNECTORS, OPERATORS, Condition, Database, Query, Table

TOKENIZER = WordGrams(["town", "people"], buckets=64, most=4)
TABLE = Table(["Town", "People", "Height (m)", "Mayor"], ["text", "number", "number", "text"])
OPEN = Table(TABLE.columns)
WORDS = {"=": "is", ">": "over", "<": "under", "!=": "not"}
SHOWN = {"": "what is the", "AVG": "mean", "MAX": "highest", "MIN": "lowest", "COUNT": "how many", "SUM": "total"}


def scores_of(question, sure=20.0, noise=0.0, columns=None):
    """What heads say that know the answer: labels as logits."""
    one = row(TOKENIZER, question.text, question.table, columns)
    known = labels([one], [question], len(one.ids), len(question.table.columns))
    rng = np.random.default_rng(0)

    def logits(name, classes):
        out = np.eye(classes)[np.maximum(known[name][0], 0)] * sure
        return out + noise * rng.normal(size=out.shape)

    heads = {
        "connector": logits("connector", 3),
        "aggregate": logits("aggregate", 7),
        "operator": logits("operator", 4),
        "column": logits("column", len(question.table.columns)),
        "tags": known["value"],
        "log_probability": np.zeros(1),
    }
    return join_parts(question.text, [(0, one, heads)])


def ask(text, table, select, conditions=(), connector="and"):
    return Question(text, table, Query(select, conditions, connector))


def templates():
    """Every aggregate, operator, connector, and up to three conditions, the last value the last word of the question."""
    values = {0: "Wells", 1: "5,000", 2: "−3.5", 3: "Ann Lee"}
    for aggregate, count, connector in itertools.product(AGGREGATES, range(4), CONNECTORS):
        for operators in itertools.product(OPERATORS, repeat=count):
            columns = range(count)
            said = [f"{OPEN.columns[c]} {WORDS[o]} {values[c]}" for c, o in zip(columns, operators, strict=True)]
            text = f"{SHOWN[aggregate]} Mayor {f' {connector} '.join(said)}"
            yield ask(
                text, OPEN, [(aggregate, 3)], [(c, o, values[c]) for c, o in zip(columns, operators, strict=True)], connector
            )


def test_sure_heads_give_every_template_back():
    count = 0
    for question in templates():
        _, query = next(candidates(scores_of(question), OPEN))
        assert query.logical_form() == question.query.logical_form(), question.text
        count += 1
    assert count == 6 * 2 * (1 + 4 + 16 + 64)


def test_a_value_at_the_end_of_the_question_is_no_lost_condition():
    """kexue.fm 6771's loop ended without closing the span."""
    question = ask("town Wells", OPEN, [("", 3)], [(0, "=", "Wells")])
    assert next(candidates(scores_of(question), OPEN))[1].conditions == (Condition(0, "=", "Wells"),)


def test_values_side_by_side_with_one_operator_stay_two():
    """kexue.fm 6771 merged them."""
    question = ask("mayor of Bath Wells", OPEN, [("", 3)], [(0, "=", "Bath"), (3, "=", "Wells")])
    assert next(candidates(scores_of(question), OPEN))[1].logical_form() == question.query.logical_form()


def test_the_occurrence_beside_the_column_is_tagged():
    """kexue.fm 6771 tagged the first."""
    question = ask("2 towns with people 2 and height 2", OPEN, [("", 0)], [(1, "=", "2"), (2, "=", "2")])
    one = row(TOKENIZER, question.text, question.table)
    assert locate(question, one.offsets) == [(4, 5), (7, 8)]


def test_labels_leave_the_query_as_it_was_and_open_what_is_not_to_be_found():
    """kexue.fm 6771 overwrote the values of the data."""
    question = ask("the mayor of Bath over 3", OPEN, [("", 3)], [(0, "=", "Bath"), (1, ">", "three")])
    before = question.query.logical_form()
    one = row(TOKENIZER, question.text, question.table)
    out = labels([one], [question], 20, 5)
    assert question.query.logical_form() == before
    assert (out["value"] == -1).all()
    assert out["column"][0].tolist() == [-1] * 4 + [0] + [-1] * 15
    assert out["aggregate"][0].tolist() == [6, 6, 6, 0, -1]


def test_types_forbid_what_makes_no_sense():
    question = ask("total Mayor over Ann Lee", TABLE, [("SUM", 3)], [(3, ">", "Ann Lee")])
    for noise in (0.0, 1.0):
        for _, query in itertools.islice(candidates(scores_of(question, 3.0, noise), TABLE), 60):
            for aggregate, column in query.select:
                assert aggregate in ("", "COUNT") or TABLE.types[column] == "number"
            for condition in query.conditions:
                assert condition.operator in ("=", "!=") or TABLE.types[condition.column] == "number"
                assert isinstance(condition.value, str) == (TABLE.types[condition.column] == "text")


def test_candidates_come_best_first_without_repetition():
    question = ask("Mayor Town is Wells and People over 5,000", TABLE, [("", 3)], [(0, "=", "Wells"), (1, ">", "5,000")])
    found = list(itertools.islice(candidates(scores_of(question, 2.0, 0.5), TABLE), 200))
    costs = [cost for cost, _ in found]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] <= 0
    forms = [query.logical_form() for _, query in found]
    assert len(set(forms)) == len(forms) == 200
    with Database(TABLE) as database:
        assert all(database.rows(query) is not None for _, query in found)


def test_no_column_equals_two_values_at_once():
    question = ask("Town Wells Bath", OPEN, [("", 3)], [(0, "=", "Wells"), (0, "=", "Bath")])
    for _, query in itertools.islice(candidates(scores_of(question, 5.0), OPEN), 50):
        equal = [c.column for c in query.conditions if c.operator == "="]
        assert query.connector == "or" or len(set(equal)) == len(equal)


def test_several_columns_are_selected_if_many():
    question = ask("Town and Mayor", OPEN, [("", 0), ("COUNT", 3)])
    assert next(candidates(scores_of(question), OPEN, many=True))[1].select == (("", 0), ("COUNT", 3))
    assert len(next(candidates(scores_of(question), OPEN))[1].select) == 1


def test_something_is_always_selected():
    """kexue.fm 6771 could select nothing."""
    scores = scores_of(ask("Mayor", OPEN, [("", 3)]))
    nothing = np.full_like(scores.aggregate, -20.0)
    nothing[:, 6] = 0
    assert next(candidates(scores._replace(aggregate=nothing), OPEN, many=True))[1].select


def test_a_question_that_fits_no_column_has_no_query():
    numbers = Table(["a", "b"], ["number", "number"])
    assert list(candidates(scores_of(ask("a Wells", numbers, [("", 0)], [(1, "=", "Wells")])), numbers)) == []


def test_values_become_cells():
    table = Table(["Town", "People"], ["text", "number"], [("Bath, Somerset", 94000), (None, 3)])
    query = Query([("", 1)], [(0, "=", "bath somerset"), (1, ">", 5)])
    assert grounded(query, table).conditions == (Condition(0, "=", "Bath, Somerset"), Condition(1, ">", 5))
    assert grounded(Query([("", 1)], [(0, "=", "York")]), table).conditions[0].value == "York"


@pytest.mark.parametrize("count", [1, 40, 1000])
def test_wide_tables_are_read_in_parts(count):
    table = Table([f"column {i}" for i in range(count)])
    parts = parts_of(TOKENIZER, "what is column 7", table, 64)
    assert sum(len(part.types) for part in parts) == count
    assert all(len(part.ids) <= 64 for part in parts)
    assert len(parts) == -(-count // 19)  # 59 tokens beside the question, three a column


def test_what_is_too_long_is_refused():
    parts = parts_of(TOKENIZER, "word " * 100, OPEN, 64)
    with pytest.raises(ValueError, match="at most 64 tokens; received 103"):
        inputs(parts[:1], 64)


def test_words_have_offsets_and_rows():
    rows, offsets = TOKENIZER.encode("Town's 1,000 名字")
    assert [("Town's 1,000 名字")[a:b] for a, b in offsets] == ["Town", "'", "s", "1", ",", "000", "名", "字"]
    assert {len(r) for r in rows} == {TOKENIZER.width}
    assert rows[0][0] == 3
    assert rows[1][0] == 1
    assert max(max(r) for r in rows) < TOKENIZER.size
