import bz2
import json

import pytest

from keras_blog.datasets import wikisql
from keras_blog.sql import Query


def entry(sql, original, *sentences, **variables):
    return {
        "sql": [sql],
        "sql-original": [original],
        "variables": [{"name": name, "example": value} for name, value in variables.items()],
        "sentences": [
            {"original": text, "table-id": table, "question-split": split, "variables": values}
            for text, table, split, values in sentences
        ],
    }


ENTRIES = [
    entry(
        "SELECT MAX TABLEalias0.HOME_TEAM_FIELD FROM TABLE AS TABLEalias0 "
        'WHERE TABLEalias0.A_=_B_FIELD = "var0" AND NO._FIELD > var1 ;',
        "SELECT MAX col4 FROM table WHERE col1 = Grey AND Bell AND col0 > 10",
        ("Which team for grey and bell over 10? ", "1-1", "train", {"var0": "grey and bell"}),
        var0="Grey AND Bell",
        var1="10",
    ),
    entry(
        'SELECT MP\'S_TERM_FIELD FROM table WHERE ELECTORATE_FIELD = "var0" ;',
        "SELECT  col3 FROM table WHERE col1 = bell",
        ("The term of bell", "1-2", "test", {"var0": "bell"}),
        ("The term of dell", "1-3", "dev", {"var0": "dell"}),
        var0="bell",
    ),
    entry(
        "SELECT TABLEalias0.CLUB_FIELD FROM TABLE AS TABLEalias0 ;", "SELECT  col0 FROM table", ("Clubs", "1-1", "train", {})
    ),
]


def test_questions_have_the_tables_of_their_split():
    train, dev, test = wikisql.read(ENTRIES, fill=False)
    assert (len(train), len(dev), len(test)) == (2, 1, 1)
    question, clubs = train
    assert question.text == "Which team for grey and bell over 10?"
    assert sorted(question.table.columns) == ["a = b", "club", "home team", "no."]
    assert question.table is clubs.table
    i = {name: i for i, name in enumerate(question.table.columns)}
    assert question.query == Query([("MAX", i["home team"])], [(i["a = b"], "=", "grey and bell"), (i["no."], ">", "10")])
    assert dev[0].query.conditions[0].value == "dell"


def test_columns_without_a_known_name_are_filled():
    train, _, test = wikisql.read(ENTRIES)
    assert len(train[0].table.columns) == 5 - 1  # no other table of the split has a header to lend
    assert len(test[0].table.columns) == 2
    more = [*ENTRIES, entry("SELECT LENT_FIELD FROM table ;", "SELECT  col0 FROM table", ("Lent", "1-4", "train", {}))]
    train, _, _ = wikisql.read(more)
    assert "lent" in train[0].table.columns
    assert wikisql.read(more) == wikisql.read(more)


def test_the_file_is_read_or_refused(tmp_path, monkeypatch):
    path = tmp_path / "wikisql.json.bz2"
    path.write_bytes(bz2.compress(json.dumps(ENTRIES).encode()))
    assert wikisql.load_data(path) == wikisql.read(ENTRIES)
    for content in (b"", b"no bz2", bz2.compress(b"[{}]"), bz2.compress(b"{"), bz2.compress(b"\xff")):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="must be wikisql"):
            wikisql.load_data(path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    with pytest.raises(ValueError, match=r"there is no .*text2sql-data"):
        wikisql.load_data()
