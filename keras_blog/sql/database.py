"""SQLite that can only read: what a question turns into can do no harm."""

import contextlib
import sqlite3

from keras_blog.sql.query import quoted
from keras_blog.sql.table import Table, distinct_names

_FUNCTIONS = {"avg", "max", "min", "count", "sum"}
_MOST_STEPS = 50  # of the progress handler, a million instructions each: seconds


class Database:
    """A table in SQLite's memory, or in a file opened to be read; every statement but a plain SELECT is refused.

    Text compares without regard to the case of ASCII letters. Use it in `with`, or `close` it.

    Args:
        table: a `Table` with its rows; it is copied to memory.

    Example:
    >>> from keras_blog.sql import Database, Query, Table
    >>> table = Table(["Name", "Height"], ["text", "number"], [("Ann", 170), ("Bo", 180)])
    >>> with Database(table) as database:
    ...     print(database.rows(Query([("MAX", 1)], [(0, "=", "ann")])))
    [(170,)]

    References:
        Article: kexue.fm 6771
    """

    def __init__(self, table):
        self.table = table
        self._connection = sqlite3.connect(":memory:")
        affinity = {"number": "NUMERIC", "text": "TEXT COLLATE NOCASE", "": "COLLATE NOCASE"}
        columns = ", ".join(f"{quoted(name)} {affinity[kind]}" for name, kind in zip(table.columns, table.types, strict=True))
        with contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(f"CREATE TABLE {quoted(table.name)} ({columns})")
            # SQLite allows at most 32,766 parameters, and a row has at most 2,000 cells.
            places = ", ".join("?" * len(table.columns))
            cursor.executemany(f"INSERT INTO {quoted(table.name)} VALUES ({places})", table.rows)
        self._connection.commit()
        self._lock()

    @classmethod
    def open(cls, path, name=None):
        """The database of a file, opened with `mode=ro`.

        Args:
            path: of an SQLite file.
            name: of the table; the only one by default.

        Raises:
            ValueError: if it is no SQLite file, or has no such table.
        """
        self = cls.__new__(cls)
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            names = [row[0] for row in self._connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ValueError(f"{path} must be an SQLite file; {error}") from None
        if (name is None and len(names) != 1) or (name is not None and name not in names):
            self._connection.close()
            raise ValueError(f"`name` must be one of the tables {names} of {path}; received {name!r}")
        name = name or names[0]
        about = self._connection.execute(f"PRAGMA table_info({quoted(name)})").fetchall()
        columns = [row[1] for row in about]
        if distinct_names(columns) != columns:
            self._connection.close()
            raise ValueError(f"{path} must have printable column names; received {columns[:5]}")
        numeric = ("INT", "REAL", "FLOA", "DOUB", "NUM", "DEC")
        types = ["number" if any(word in row[2].upper() for word in numeric) else "text" for row in about]
        rows = self._connection.execute(f"SELECT * FROM {quoted(name)}").fetchall()
        self.table = Table(columns, types, [tuple(_cell(cell) for cell in row) for row in rows], name)
        self._lock()
        return self

    def rows(self, query, most=1000):
        """The rows that a query finds, at most `most`.

        Raises:
            ValueError: if SQLite refuses the query, or it takes too long.
        """
        text, parameters = query.sql(self.table)
        ticks = iter(range(_MOST_STEPS))
        self._connection.set_progress_handler(lambda: next(ticks, None) is None, 1_000_000)
        try:
            with contextlib.closing(self._connection.cursor()) as cursor:
                return cursor.execute(text, parameters).fetchmany(most)
        except (sqlite3.Error, OverflowError) as error:
            raise ValueError(f"`query` must be one that SQLite runs; {error}") from None

    def close(self):
        """Forget the table."""
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _lock(self):
        self._connection.execute("PRAGMA query_only = ON")
        self._connection.set_authorizer(_only_reads)


def _only_reads(action, first, second, *_):
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if second.casefold() in _FUNCTIONS else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ) else sqlite3.SQLITE_DENY


def _cell(cell):
    return None if isinstance(cell, bytes) else cell
