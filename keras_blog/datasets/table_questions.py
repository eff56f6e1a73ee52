"""A reader of your own questions about tables: a JSON object a line."""

import json

from keras_blog.datasets.json_lines import numbered_objects
from keras_blog.datasets.wikisql import Question
from keras_blog.sql import Query, Table

_EXPECTED = "a question as a JSON object"


def load_data(path):
    """`Question` objects out of a file, UTF-8, with an object a line, empty lines left out:

        {"question": "How many towns have over 5000 people?", "columns": ["Town", "People"], "types": ["text", "number"],
         "select": [["COUNT", "Town"]], "where": [["People", ">", "5000"]], "connector": "and"}

    `types`, `where` and `connector` may be missing. A value is written as it stands in the question.

    Args:
        path: of the file.

    Returns:
        A list of `datasets.wikisql.Question`, those of one list of columns with one `Table`.

    Raises:
        ValueError: if a line is of another form; the message names it.

    Example:
    >>> import pathlib, tempfile
    >>> line = '{"question": "Any towns?", "columns": ["Town"], "select": [["COUNT", "Town"]]}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "mine.jsonl").write_text(line)
    ...     (question,) = load_data(pathlib.Path(folder, "mine.jsonl"))
    >>> question.query.sql(question.table)[0]
    'SELECT COUNT("Town") FROM "table"'
    """
    questions, tables = [], {}
    for number, entry in numbered_objects(path, _EXPECTED):
        try:
            questions.append(_question(entry, tables))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"the key {error} is missing" if isinstance(error, KeyError) else error
            raise ValueError(f"{path}:{number}: {_EXPECTED}; {what}") from None
    if not questions:
        raise ValueError(f"{path} must hold questions; received none")
    return questions


def _question(entry, tables):
    columns, types = entry["columns"], entry.get("types")
    key = json.dumps([columns, types])
    table = tables.setdefault(key, Table(columns, types))

    def column(name):
        if name not in table.columns:
            raise ValueError(f"the columns are {list(table.columns)}; received {name!r}")
        return table.columns.index(name)

    select = [(aggregate, column(name)) for aggregate, name in entry["select"]]
    where = [(column(name), operator, value) for name, operator, value in entry.get("where", [])]
    if not isinstance(entry["question"], str) or not entry["question"].strip():
        raise ValueError(f"`question` must be a string with a word in it; received {entry['question']!r}")
    return Question(entry["question"], table, Query(select, where, entry.get("connector", "and")))
