import pytest

from keras_blog.datasets import spider
from keras_blog.sql import Query

SCHEMA = {
    "db_id": "towns",
    "table_names_original": ["Town", "Empty"],
    "column_names_original": [[-1, "*"], [0, "Name"], [0, "Pop_1"], [0, "Mayor"]],
    "column_names": [[-1, "*"], [0, "name"], [0, "population"], [0, "mayor"]],
    "column_types": ["text", "text", "number", "time"],
}


def read(query):
    found = spider.read([{"db_id": "towns", "query": query, "question": "What? "}], [SCHEMA])
    return found[0] if found else None


def test_single_tables_are_read():
    question = read("SELECT avg( pop_1 ) ,  NAME FROM town  WHERE mayor  =  'Ann and Bo' AND Pop_1 > 5.5 ;")
    assert question.text == "What?"
    assert question.table.columns == ("name", "population", "mayor")
    assert question.table.types == ("text", "number", "text")
    assert question.query == Query([("AVG", 1), ("", 0)], [(2, "=", "Ann and Bo"), (1, ">", "5.5")])
    assert read('SELECT name FROM town WHERE mayor = "A" OR mayor = "B"').query.connector == "or"
    assert read("select name from Town").query == Query([("", 0)])


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM town",
        "SELECT DISTINCT name FROM town",
        "SELECT name FROM nowhere",
        "SELECT nothing FROM town",
        "SELECT name FROM town ORDER BY name",
        "SELECT name FROM town GROUP BY name",
        "SELECT name FROM town WHERE pop_1 >= 3",
        "SELECT name FROM town WHERE pop_1 BETWEEN 3 AND 4",
        "SELECT name FROM town WHERE mayor LIKE '%a'",
        "SELECT name FROM town WHERE mayor = 'a' AND pop_1 = 3 OR pop_1 = 4",
        "SELECT name FROM town WHERE mayor = 'a' LIMIT 3",
        "SELECT name FROM town WHERE pop_1 > (SELECT avg(pop_1) FROM town)",
        "SELECT t.name FROM town AS t JOIN other AS o",
        "SELECT stdev(pop_1) FROM town",
    ],
)
def test_the_rest_is_left_out(query):
    assert read(query) is None
