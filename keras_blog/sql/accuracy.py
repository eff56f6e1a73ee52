"""How well queries agree with those that were asked for."""


def accuracy(expected, received):
    """Shares of queries that agree, whole and part by part.

    Args:
        expected: `Query` objects.
        received: as many; `None` where there is none, which agrees in nothing.

    Returns:
        A dict: `logical_form`, the whole query, see `Query.logical_form`; `select`, the selected columns; `aggregate`, these
        and their aggregates; `connector`, where there are two conditions; `count` of the conditions; their `columns`; these and
        their `operators`; these and their `values`, without operators.

    Raises:
        ValueError: if there are none, or not as many.

    Example:
    >>> from keras_blog.sql import Query, accuracy
    >>> shares = accuracy([Query([("", 0)], [(1, "=", "a")])], [Query([("", 0)], [(1, ">", "a")])])
    >>> shares["logical_form"], shares["select"], shares["columns"], shares["operators"]
    (0.0, 1.0, 1.0, 0.0)

    References:
        Article: kexue.fm 6771
    """
    if not expected or len(expected) != len(received):
        raise ValueError(
            f"`received` must be as many as `expected`, at least one; received {len(received)} and {len(expected)}"
        )
    pairs = [(_parts(gold), None if query is None else _parts(query)) for gold, query in zip(expected, received, strict=True)]
    names = pairs[0][0]
    return {name: sum(query is not None and gold[name] == query[name] for gold, query in pairs) / len(pairs) for name in names}


def same_rows(database, expected, received):
    """Whether two queries find the same rows, in whatever order: execution accuracy, one question at a time.

    A query that SQLite refuses, or `None`, finds none of them.

    Args:
        database: a `Database`.
        expected: the `Query` that was asked for.
        received: another, or `None`.
    """
    try:
        found = None if received is None else database.rows(received, most=10**6)
    except ValueError:
        return False
    return found is not None and sorted(map(repr, found)) == sorted(map(repr, database.rows(expected, most=10**6)))


def _parts(query):
    select, connector, conditions = query.logical_form()
    return {
        "logical_form": (select, connector, conditions),
        "select": sorted(column for _, column in select),
        "aggregate": select,
        "connector": connector,
        "count": len(conditions),
        "columns": sorted(column for column, _, _ in conditions),
        "operators": sorted((column, operator) for column, operator, _ in conditions),
        "values": sorted((column, value) for column, _, value in conditions),
    }
