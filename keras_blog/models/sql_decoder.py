"""From scores to queries: only what the columns of the table admit, the likeliest first.

Article: kexue.fm 6771
"""

import difflib
import heapq
import itertools
from typing import NamedTuple

import numpy as np

from keras_blog.models.question_rows import NOT_SELECTED, spans
from keras_blog.sql import AGGREGATES, CONNECTORS, OPERATORS, Condition, Query, number

_NUMERIC = {"AVG", "MAX", "MIN", "SUM"}
_MOST = 5  # choices of columns and operators that are looked at for a value or for the selection


class Scores(NamedTuple):
    """What the heads say of one question: NumPy log-probabilities.

    `question` is its text, with the `offsets` of its tokens; `connector` `(3,)`; `aggregate` `(columns, 7)`; `paths`, pairs of
    a log-probability and tags of the tokens, best first; `operator` `(tokens, 4)`; `column` `(tokens, columns)`.
    """

    question: str
    offsets: list
    connector: np.ndarray
    aggregate: np.ndarray
    paths: list
    operator: np.ndarray
    column: np.ndarray


def join_parts(question, parts):
    """The `Scores` of a question whose columns were read in parts.

    What is said of the question itself is taken from the first part.

    Args:
        question: its text.
        parts: triples of anything, a `Row`, and what the heads say of it: a dict of NumPy arrays of one sample, with the
            `tags` of the best paths and the `log_probability` of each.
    """
    _, first, heads = parts[0]
    steps = slice(1, len(first.offsets) + 1)  # the start token comes first
    return Scores(
        question,
        first.offsets,
        _log_softmax(heads["connector"]),
        _log_softmax(np.concatenate([said["aggregate"][: len(row.types)] for _, row, said in parts])),
        [
            (float(log_p), tags[steps])
            for log_p, tags in zip(heads["log_probability"], heads["tags"], strict=True)
            if tags[0] >= 0
        ],
        _log_softmax(heads["operator"][steps]),
        _log_softmax(np.concatenate([said["column"][steps, : len(row.types)] for _, row, said in parts], axis=-1)),
    )


def candidates(scores, table, many=False):
    """Pairs of a log-probability and a `Query` that the types of the columns admit, the likeliest first.

    Numbers are for columns of numbers, which alone have a mean, and compare by more than equality. A column is not equal to
    two values at once. The operator and the column of a value have the mean log-probability of its words.

    Args:
        scores: a `Scores`.
        table: the `sql.Table` that the question is asked of.
        many: whether several columns may be selected.
    """
    streams = [_of_path(scores, table, many, score, path) for score, path in scores.paths]
    seen = set()
    for cost, query in heapq.merge(*streams, key=lambda pair: pair[0]):
        if query.logical_form() not in seen:
            seen.add(query.logical_form())
            yield -cost, query


def grounded(query, table):
    """The query with each text that is compared for equality replaced by the most similar cell, where one is similar."""
    conditions = []
    for condition in query.conditions:
        value = condition.value
        if isinstance(value, str) and condition.operator in ("=", "!=") and table.rows:
            cells = {str(row[condition.column]).casefold(): row[condition.column] for row in table.rows}
            near = difflib.get_close_matches(value.casefold(), cells, n=1, cutoff=0.75)
            value = cells[near[0]] if near and cells[near[0]] is not None else value
        conditions.append(condition._replace(value=value))
    return Query(query.select, conditions, query.connector)


def _of_path(scores, table, many, score, path):
    slots = [_selections(scores.aggregate, table, many)]
    slots += [_conditions(scores, table, *span) for span in spans(list(path))]
    connectors = [(0.0, "and")]
    if len(slots) > 2:
        connectors = sorted((-float(scores.connector[i]), name) for i, name in enumerate(CONNECTORS, start=1))
    slots.append(connectors)
    for cost, (selected, *conditions, connector) in _cheapest(slots):
        conditions = list(dict.fromkeys(conditions))
        equal = [condition.column for condition in conditions if condition.operator == "="]
        if connector == "or" or len(set(equal)) == len(equal):
            yield cost - score, Query(selected, conditions, connector)


def _selections(aggregate, table, many):
    """Costs of selections: of their columns' aggregates, and of all others that are not selected."""
    odds = aggregate[:, NOT_SELECTED, None] - aggregate[:, :NOT_SELECTED]  # (c, 6)
    nothing = -float(aggregate[:, NOT_SELECTED].sum())
    choices = [
        (nothing + float(odds[column, i]), ((name, column),))
        for column, i in itertools.product(range(len(odds)), range(NOT_SELECTED))
        if (name := AGGREGATES[i]) not in _NUMERIC or table.types[column] != "text"
    ]
    choices.sort(key=lambda choice: choice[0])
    if many:
        taken = {}
        for cost, ((name, column),) in choices:
            if cost < nothing:
                taken.setdefault(column, (cost, name))
        if len(taken) > 1:
            together = tuple((name, column) for column, (_, name) in sorted(taken.items()))
            choices.insert(0, (nothing + sum(cost - nothing for cost, _ in taken.values()), together))
    return choices[: _MOST**2]


def _conditions(scores, table, start, end):
    """Costs of the conditions that a value, tokens `start` to `end`, may make."""
    text = scores.question[scores.offsets[start][0] : scores.offsets[end - 1][1]]
    value = number(text)
    operators, columns = scores.operator[start:end].mean(axis=0), scores.column[start:end].mean(axis=0)
    choices = []
    for column in np.argsort(-columns, kind="stable"):
        numeric = table.types[column] == "number"
        if numeric and value is None:
            continue
        for operator, log_probability in zip(OPERATORS, operators, strict=True):
            if operator in ("=", "!=") or table.types[column] != "text":
                condition = Condition(int(column), operator, value if numeric else text)
                choices.append((-float(columns[column] + log_probability), condition))
        if len(choices) >= _MOST * len(OPERATORS):
            break
    return sorted(choices, key=lambda choice: choice[0])


def _cheapest(slots):
    """Costs and choices, one of each slot, cheapest first; slots are sorted lists of `(cost, choice)`."""
    if not all(slots):
        return
    first = (0,) * len(slots)
    heap, seen = [(sum(slot[0][0] for slot in slots), first)], {first}
    while heap:
        cost, picks = heapq.heappop(heap)
        yield cost, [slot[i][1] for slot, i in zip(slots, picks, strict=True)]
        for n, slot in enumerate(slots):
            following = (*picks[:n], picks[n] + 1, *picks[n + 1 :])
            if following[n] < len(slot) and following not in seen:
                seen.add(following)
                heapq.heappush(heap, (cost + slot[following[n]][0] - slot[picks[n]][0], following))


def _log_softmax(logits):
    logits = logits.astype("float64")
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
