"""Questions and tables as rows of tokens, queries as labels of these, and batches of both.

Article: kexue.fm 6771
"""

import itertools
import re
from typing import NamedTuple

import numpy as np

from keras_blog.layers.segment_mean import FIRST_COLUMN, PADDING, QUESTION
from keras_blog.models.length_batches import LengthBatches
from keras_blog.models.vocabulary import quarters
from keras_blog.sql import AGGREGATES, CONNECTORS, OPERATORS
from keras_blog.sql.table import TYPES

OUTSIDE, BEGIN, INSIDE = range(3)
TAG_NAMES = ["O", "B", "I"]
NOT_SELECTED = len(AGGREGATES)


class Row(NamedTuple):
    """A question and columns as one sequence, `[start] question [separator] header [separator] header ...`.

    `offsets` are those of the question's tokens in its text; the first token of the question stands at index 1.
    """

    ids: list
    segments: list
    types: list
    offsets: list


def row(tokenizer, question, table, columns=None):
    """The `Row` of a question, and of all columns of a table, or those of the given indices."""
    ids, offsets = tokenizer.encode(question)
    ids, segments, types = [tokenizer.start, *ids], [QUESTION] * (len(ids) + 1), []
    for i, column in enumerate(range(len(table.columns)) if columns is None else columns):
        header, _ = tokenizer.encode(table.columns[column])
        ids += [tokenizer.separator, *header]
        segments += [FIRST_COLUMN + i] * (len(header) + 1)
        types.append(1 + TYPES.index(table.types[column]))
    return Row(ids, segments, types, offsets)


def parts_of(tokenizer, question, table, length):
    """Rows of a question and as many columns as fit beside it into `length` tokens; together they have all columns.

    A column that does not fit stands alone; `inputs` refuses it.
    """
    whole = row(tokenizer, question, table)
    free = length - len(whole.offsets) - 1
    parts, used = [[]], 0
    for i, count in enumerate(np.bincount(whole.segments)[FIRST_COLUMN:]):
        if parts[-1] and used + count > free:
            parts, used = [*parts, []], 0
        parts[-1].append(i)
        used += count
    return [row(tokenizer, question, table, part) for part in parts]


def inputs(rows, length):
    """Arrays of `Row` objects, padded to a common width: `ids`, `segments` and `types`, a dict.

    Raises:
        ValueError: if a row is longer than `length`.
    """
    longest = max(len(row.ids) for row in rows)
    if longest > length:
        raise ValueError(f"a question and its columns must have at most {length} tokens; received {longest}")
    width = quarters(max(longest, 32))
    columns = width // 2  # a column has two tokens at least; so a width is a shape, and a compiled model meets few
    out = {
        "ids": np.zeros((len(rows), width, *np.shape(rows[0].ids[0])), "int32"),
        "segments": np.full((len(rows), width), PADDING, "int32"),
        "types": np.zeros((len(rows), columns), "int32"),
    }
    for i, one in enumerate(rows):
        for name, array in out.items():
            values = getattr(one, name)
            array[i, : len(values)] = values
    return out


def labels(rows, questions, width, columns):
    """What the heads learn: a dict of int arrays, -1 where there is nothing to learn.

    A value is every step of its tokens. Where one is not to be found in the question, which tokens are values stays open.
    """
    out = {
        "connector": np.zeros((len(rows),), "int32"),
        "aggregate": np.full((len(rows), columns), -1, "int32"),
        **{name: np.full((len(rows), width), -1, "int32") for name in ("value", "operator", "column")},
    }
    for i, (one, question) in enumerate(zip(rows, questions, strict=True)):
        query = question.query
        if len(query.conditions) > 1:
            out["connector"][i] = 1 + CONNECTORS.index(query.connector)
        out["aggregate"][i, : len(one.types)] = NOT_SELECTED
        for aggregate, column in query.select:
            out["aggregate"][i, column] = AGGREGATES.index(aggregate)
        places = locate(question, one.offsets)
        if None not in places:
            out["value"][i, : len(one.offsets) + 1] = OUTSIDE
        for condition, place in zip(query.conditions, places, strict=True):
            if place is not None:
                start, end = place[0] + 1, place[1] + 1  # the start token comes first
                out["operator"][i, start:end] = OPERATORS.index(condition.operator)
                out["column"][i, start:end] = condition.column
                if None not in places:
                    out["value"][i, start:end] = INSIDE
                    out["value"][i, start] = BEGIN
    return out


def locate(question, offsets):
    """Where the values of a query's conditions stand in the question: `(start, end)` in tokens, `None` where they do not.

    Of several places the one nearest to a word of the column's name, longer values first, each token once.
    """
    starts, ends = ({offset[side]: i for i, offset in enumerate(offsets)} for side in (0, 1))
    words = [question.text[start:end].casefold() for start, end in offsets]
    places, taken = [None] * len(question.query.conditions), set()
    order = sorted(enumerate(question.query.conditions), key=lambda pair: -len(str(pair[1].value)))
    for i, condition in order:
        header = set(re.findall(r"\w+", question.table.columns[condition.column].casefold()))
        mentions = [j for j, word in enumerate(words) if word in header]
        found = []
        for match in re.finditer(rf"(?={re.escape(str(condition.value))})", question.text, re.IGNORECASE):
            start, end = starts.get(match.start()), ends.get(match.start() + len(str(condition.value)))
            if start is not None and end is not None and not taken & set(range(start, end + 1)):
                gaps = [max(start - j, j - end) for j in mentions if not start <= j <= end]
                found.append((min(gaps, default=0), start, end + 1))
        if found:
            _, start, end = min(found)
            places[i] = start, end
            taken |= set(range(start, end))
    return places


class QuestionBatches(LengthBatches):
    """Batches for `NL2SQL.fit`: questions of similar length together, the batches in random order.

    Args:
        model: an `NL2SQL`.
        questions: what has `text`, `table` and `query`, as `datasets.wikisql` gives them.
        batch_size: questions in a batch.
        shuffle: whether to draw an order; else shortest first.
    """

    def __init__(self, model, questions, batch_size=64, shuffle=True):
        rows = [row(model.tokenizer, question.text, question.table) for question in questions]
        kept = [i for i, one in enumerate(rows) if len(one.ids) <= model.length]
        self.left_out = len(rows) - len(kept)
        self.model, self.rows, self.questions = model, [rows[i] for i in kept], [questions[i] for i in kept]
        super().__init__([one.segments for one in self.rows], batch_size, shuffle)

    def __getitem__(self, index):
        some = self.part(index)
        rows = [self.rows[i] for i in some]
        x = inputs(rows, self.model.length)
        return x, labels(rows, [self.questions[i] for i in some], x["segments"].shape[1], x["types"].shape[1])


def spans(tags):
    """`(start, end)` of the values in tags of a question's tokens, the start token left out; one that ends last is kept."""
    starts = [i for i, tag in enumerate(tags) if tag == BEGIN]
    inside = [list(itertools.takewhile(lambda tag: tag == INSIDE, tags[start + 1 :])) for start in starts]
    return [(start, start + 1 + len(rest)) for start, rest in zip(starts, inside, strict=True)]
