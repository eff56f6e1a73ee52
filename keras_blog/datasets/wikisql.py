"""WikiSQL: 80,654 questions about one table each, with their queries (Zhong et al., arXiv:1709.00103; BSD licence).

The file is `data/wikisql.json.bz2` of the GitHub repository jkkummerfeld/text2sql-data (3.7 MB; made with commit 5050bad).
It holds no tables: a table's columns are gathered from the queries that use it. A column that no query uses is a gap in the
numbers of its columns, and a header drawn from another table of the same split fills it, so that a question chooses among
6.2 columns on average, as in the full data, and not among the 4.9 that are known to matter. There are no cells.
"""

import bz2
import json
import random
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from keras_blog.datasets.archive import cache_dir
from keras_blog.sql import Query, Table, distinct_names

_SELECT = re.compile(r"SELECT (?:(MAX|MIN|COUNT|SUM|AVG) )?(?:TABLEalias0\.)?(.*?)_FIELD FROM (?:TABLE AS TABLEalias0|table)")
_CONDITION = re.compile(r'(?:TABLEalias0\.)?(.*?)_FIELD ([=<>]) (?:"(.*?)"|(\S+)|)(?: AND | ;$)')
_NUMBER = re.compile(r"\bcol(\d+)\b(?! AND| =$)")


class Question(NamedTuple):
    """A question, the `Table` it is asked of, and the `Query` that answers it; the values are strings."""

    text: str
    table: Table
    query: Query


def load_data(path=None, fill=True):
    """`(train, dev, test)`: lists of `Question` objects, in the official splits, which share no table.

    Args:
        path: of `wikisql.json.bz2`; by default in the cache, `archive.cache_dir()`.
        fill: whether headers of other tables stand where a column has no known name.

    Raises:
        ValueError: if there is no such file, or it is another; the message says where to get it.
    """
    path = cache_dir() / "wikisql.json.bz2" if path is None else Path(path)
    if not path.is_file():
        raise ValueError(
            f"there is no {path}; download data/wikisql.json.bz2 of github.com/jkkummerfeld/text2sql-data "
            "(raw.githubusercontent.com/jkkummerfeld/text2sql-data/master/data/wikisql.json.bz2) and put it there"
        )
    try:
        with bz2.open(path, "rt", encoding="utf-8") as file:
            return read(json.load(file), fill)
    except (OSError, EOFError, KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} must be wikisql.json.bz2 of text2sql-data; {error!r}") from None


def read(entries, fill=True):
    """`load_data` of entries that were read already: dicts with `sql`, `sql-original`, `variables` and `sentences`."""
    splits = {"train": [], "dev": [], "test": []}
    for entry in entries:
        sql, original = entry["sql"][0], entry["sql-original"][0]
        found = _SELECT.match(sql)
        start = sql.find(" WHERE ", found.end())
        conditions = _CONDITION.findall(sql, start + 7) if start >= 0 else []
        highest = max(map(int, _NUMBER.findall(original)), default=0)
        for i, sentence in enumerate(entry["sentences"]):
            # A value inside of another has no variable in the sentence; that of the entry is the first sentence's.
            values = {} if i else {variable["name"]: variable["example"].strip() for variable in entry["variables"]}
            values |= {name: value.strip() for name, value in sentence["variables"].items()}
            where = [(_header(name), sign, values.get(a or b, a or b)) for name, sign, a, b in conditions]
            item = sentence["original"].strip(), sentence["table-id"], found[1] or "", _header(found[2]), where, highest
            splits[sentence["question-split"]].append(item)
    return tuple(_questions(items, fill) for items in splits.values())


def _questions(items, fill):
    columns, sizes = defaultdict(dict), defaultdict(int)
    for _, table, _, selected, where, highest in items:
        columns[table].update(dict.fromkeys([selected, *(name for name, _, _ in where)]))
        sizes[table] = max(sizes[table], highest + 1)
    headers = sorted({name for names in columns.values() for name in names})
    tables = {}
    for table, names in columns.items():
        chance = random.Random(table)
        names = sorted(names)
        if fill:
            names += [name for name in chance.sample(headers, min(len(headers), sizes[table])) if name not in columns[table]]
        names = names[: max(len(columns[table]), sizes[table])]
        chance.shuffle(names)
        tables[table] = {name: i for i, name in enumerate(names)}, Table(distinct_names(names), name=table)
    result = []
    for text, table, aggregate, selected, where, _ in items:
        ids, schema = tables[table]
        conditions = [(ids[name], sign, value) for name, sign, value in where]
        result.append(Question(text, schema, Query([(aggregate, ids[selected])], conditions)))
    return result


def _header(name):
    return " ".join(name.replace("_", " ").split()).casefold() or "column"
