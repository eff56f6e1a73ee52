"""A query of one table, without any text of SQL in it until `sql` writes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

AGGREGATES = ("", "AVG", "MAX", "MIN", "COUNT", "SUM")
OPERATORS = ("=", ">", "<", "!=")
CONNECTORS = ("and", "or")


class Condition(NamedTuple):
    """`column operator value`: a column's index, one of `OPERATORS`, and a str or number."""

    column: int
    operator: str
    value: object


@dataclass(frozen=True)
class Query:
    """Columns to show, and conditions on the rows.

    Args:
        select: pairs of an aggregate (one of `AGGREGATES`, `""` for none) and a column's index; at least one.
        conditions: `Condition` objects, or triples.
        connector: between the conditions, `"and"` or `"or"`; it means nothing where there are fewer than two.

    Raises:
        ValueError: if something is not of these.

    Example:
    >>> from keras_blog.sql import Query, Table
    >>> table = Table(["Name", 'The "net" price'], ["text", "number"])
    >>> text, parameters = Query([("COUNT", 0)], [(1, ">", 3)]).sql(table)
    >>> print(text, parameters)
    SELECT COUNT("Name") FROM "table" WHERE "The ""net"" price" > ? (3,)

    References:
        Article: kexue.fm 6771
    """

    select: Sequence[tuple]
    conditions: Sequence[Condition] = ()
    connector: str = "and"

    def __post_init__(self):
        object.__setattr__(self, "select", tuple(tuple(pair) for pair in self.select))
        object.__setattr__(self, "conditions", tuple(Condition(*triple) for triple in self.conditions))
        if not self.select:
            raise ValueError("`select` must name at least one column; received none")
        for aggregate, _ in self.select:
            _check("select", "an aggregate", aggregate, AGGREGATES)
        for condition in self.conditions:
            _check("conditions", "an operator", condition.operator, OPERATORS)
            if isinstance(condition.value, bool) or not isinstance(condition.value, (str, int, float)):
                raise ValueError(f"`conditions` must compare with a str or a number; received {condition.value!r}")
        _check("connector", "a connector", self.connector, CONNECTORS)
        for column in [column for _, column in self.select] + [condition.column for condition in self.conditions]:
            if isinstance(column, bool) or not isinstance(column, int) or column < 0:
                raise ValueError(f"`select` and `conditions` must name columns by index; received {column!r}")

    def sql(self, table):
        """The query as SQL with a `?` for every value, and the values: names are quoted, values never in the text.

        Args:
            table: the `Table` whose columns the indices mean.

        Returns:
            `(text, parameters)`.
        """
        shown = [f"{aggregate}({_name(table, i)})" if aggregate else _name(table, i) for aggregate, i in self.select]
        text = f"SELECT {', '.join(shown)} FROM {quoted(table.name)}"
        if self.conditions:
            joint = f" {self.connector.upper()} "
            text += " WHERE " + joint.join(f"{_name(table, c.column)} {c.operator} ?" for c in self.conditions)
        return text, tuple(condition.value for condition in self.conditions)

    def logical_form(self):
        """A key: two queries have the same one if they differ only in the order of columns or conditions, or in case."""
        connector = self.connector if len(self.conditions) > 1 else ""
        return (
            tuple(sorted(self.select)),
            connector,
            frozenset((c.column, c.operator, _plain(c.value)) for c in self.conditions),
        )


def _check(argument, what, received, allowed):
    if received not in allowed:
        raise ValueError(f"`{argument}` must have {what} of {allowed}; received {received!r}")


def _name(table, i):
    if i >= len(table.columns):
        raise ValueError(f"`table` must have the column {i}; it has {len(table.columns)} columns")
    return quoted(table.columns[i])


def quoted(name):
    """The name of a table or column as SQL writes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def _plain(value):
    return " ".join(str(value).casefold().split())
