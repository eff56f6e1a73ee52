import itertools
import random
import sqlite3
from pathlib import Path

import pytest

from keras_blog.sql import (
    AGGREGATES,
    CONNECTORS,
    OPERATORS,
    Condition,
    Database,
    Query,
    Table,
    accuracy,
    distinct_names,
    same_rows,
)

TABLE = Table(
    ["Name", "Town", "Height"], ["text", "text", "number"], [("Ann", "Bath", 170), ("Bo", "Wells", 180), ("Cy", "bath", None)]
)
EVIL = [
    '\'; DROP TABLE "table"; --',
    '" OR 1=1 --',
    "x' UNION SELECT sql FROM sqlite_master --",
    "%",
    "_",
    "\\",
    "?",
    ":a",
    "`",
    "[a]",
    "\0",
    "/*",
    "ATTACH DATABASE 'x' AS y",
    "a;b",
    "\ud7ff\U0010ffff",
    "NULL",
    "load_extension('x')",
]


def rows(*arguments, table=TABLE):
    with Database(table) as database:
        return database.rows(Query(*arguments))


def test_every_form_of_query_runs():
    for aggregate, operator, connector in itertools.product(AGGREGATES, OPERATORS, CONNECTORS):
        found = rows([(aggregate, 2)], [(2, operator, 170), (0, "=", "Bo")], connector)
        assert isinstance(found, list)


def test_a_query_finds_what_it_says():
    assert rows([("", 0)], [(1, "=", "BATH")]) == [("Ann",), ("Cy",)]
    assert rows([("MAX", 2), ("COUNT", 0)]) == [(180, 3)]
    assert rows([("", 0)], [(2, ">", 175), (1, "=", "bath")], "or") == [("Ann",), ("Bo",), ("Cy",)]
    assert rows([("", 0)], [(2, ">", 175), (1, "=", "bath")], "and") == []
    assert rows([("", 0)], [(1, "!=", "Bath")]) == [("Bo",)]


@pytest.mark.parametrize("evil", EVIL)
def test_metacharacters_in_values_only_compare(evil):
    table = Table(["a", "b"], ["text", "text"], [(evil, "found"), ("other", "not")])
    with Database(table) as database:
        query = Query([("", 1)], [(0, "=", evil)])
        text, parameters = query.sql(table)
        assert text == 'SELECT "b" FROM "table" WHERE "a" = ?'
        assert parameters == (evil,)
        assert database.rows(query) == [("found",)]
        assert len(database.rows(Query([("", 0)]))) == 2


@pytest.mark.parametrize("evil", EVIL)
def test_metacharacters_in_names_only_name(evil):
    (header,) = distinct_names([evil])
    table = Table([header, "b"], ["text", "number"], [("x", 1), ("y", 2)], name=header)
    assert rows([("", 1)], [(0, "=", "y")], table=table) == [(2,)]


def test_random_names_and_values_neither_inject_nor_write():
    chance = random.Random(0)
    signs = "ab\"'`;-()[]?:@$%\\ \n\t,.=/*é名\0"
    for _ in range(200):
        names = distinct_names(["".join(chance.choice(signs) for _ in range(chance.randrange(12))) for _ in range(3)])
        values = ["".join(chance.choice(signs) for _ in range(chance.randrange(12))) for _ in range(3)]
        table = Table(names, ["text"] * 3, [tuple(values), ("1", "2", "3")])
        with Database(table) as database:
            for i in range(3):
                assert tuple(values) in database.rows(Query([("", 0), ("", 1), ("", 2)], [(i, "=", values[i])]))
            assert len(database.rows(Query([("", 0)]))) == 2


@pytest.mark.parametrize(
    "statement",
    [
        'DROP TABLE "table"',
        'INSERT INTO "table" VALUES (1, 2, 3)',
        'UPDATE "table" SET "Name" = 1',
        "CREATE TABLE t (a)",
        "ATTACH DATABASE 'x.db' AS x",
        "PRAGMA query_only = OFF",
        "SELECT load_extension('x')",
        "SELECT randomblob(10)",
        "BEGIN",
        "VACUUM INTO 'x.db'",
    ],
)
def test_the_connection_itself_refuses_all_but_reading(statement):
    with Database(TABLE) as database, pytest.raises(sqlite3.DatabaseError):
        database._connection.execute(statement)


def test_a_file_is_opened_to_be_read(tmp_path):
    path = tmp_path / "a file?#.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE people (Name TEXT, Height INTEGER, Photo BLOB)")
    connection.execute("INSERT INTO people VALUES ('Ann', 170, x'00')")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with Database.open(path) as database:
        assert database.table == Table(["Name", "Height", "Photo"], ["text", "number", "text"], [("Ann", 170, None)], "people")
        assert database.rows(Query([("", 0)], [(1, ">", 5)])) == [("Ann",)]
        with pytest.raises(sqlite3.DatabaseError):
            database._connection.execute("DELETE FROM people")
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="must be one of the tables"):
        Database.open(path, "towns")
    Path(tmp_path, "no.db").write_text("no database, but longer than the header of one" * 10)
    with pytest.raises(ValueError, match="must be an SQLite file"):
        Database.open(tmp_path / "no.db")


def test_what_takes_too_long_stops(monkeypatch):
    monkeypatch.setattr("keras_blog.sql.database._MOST_STEPS", 0)
    table = Table(["a"], ["number"], [(i,) for i in range(400_000)])
    with Database(table) as database, pytest.raises(ValueError, match="interrupted"):
        database.rows(Query([("SUM", 0)], [(0, "!=", 5)]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "`select` must name"),
        (([("MEDIAN", 0)],), "an aggregate"),
        (([("", -1)],), "by index"),
        (([("", True)],), "by index"),
        (([("", 0)], [(0, "LIKE", "a")]), "an operator"),
        (([("", 0)], [(0, "=", None)]), "a str or a number"),
        (([("", 0)], [], "xor"), "a connector"),
    ],
)
def test_a_bad_query_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Query(*arguments)


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="must have the column 3"):
        Query([("", 3)]).sql(TABLE)


def test_logical_form_heeds_neither_order_nor_case():
    query = Query([("", 0), ("MAX", 2)], [(1, "=", "Bath"), (2, ">", 3)])
    same = Query([("MAX", 2), ("", 0)], [Condition(2, ">", "3"), Condition(1, "=", " bath ")])
    assert query.logical_form() == same.logical_form()
    assert query.logical_form() != Query(query.select, query.conditions, "or").logical_form()
    one = [(1, "=", "Bath")]
    assert Query([("", 0)], one).logical_form() == Query([("", 0)], one, "or").logical_form()  # one condition, no connector
    assert accuracy([query, query], [same, None])["logical_form"] == 0.5


def test_accuracy_names_the_part_that_is_wrong():
    gold = Query([("MAX", 2)], [(1, "=", "Bath"), (0, "=", "Ann")])
    shares = accuracy([gold], [Query([("MIN", 2)], [(1, "=", "Wells"), (0, ">", "Ann")], "or")])
    assert shares == {
        "logical_form": 0, "select": 1, "aggregate": 0, "connector": 0, "count": 1, "columns": 1, "operators": 0, "values": 0
    }  # fmt: skip
    with pytest.raises(ValueError, match="`received` must be as many"):
        accuracy([gold], [])


def test_execution_compares_rows_whatever_their_order():
    with Database(TABLE) as database:
        everybody = Query([("", 0)])
        assert same_rows(database, everybody, Query([("", 0)], [(0, "!=", "x")]))
        assert not same_rows(database, everybody, Query([("", 0)], [(0, "=", "Ann")]))
        assert not same_rows(database, everybody, Query([("", 7)]))
        assert not same_rows(database, everybody, None)
