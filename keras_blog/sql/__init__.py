"""Tables, queries without text, and SQLite that can only read; nothing here knows Keras."""

from keras_blog.sql.accuracy import accuracy, same_rows
from keras_blog.sql.database import Database
from keras_blog.sql.numbers import number
from keras_blog.sql.query import AGGREGATES, CONNECTORS, OPERATORS, Condition, Query
from keras_blog.sql.table import Table, distinct_names, read_csv

__all__ = [
    "AGGREGATES",
    "CONNECTORS",
    "OPERATORS",
    "Condition",
    "Database",
    "Query",
    "Table",
    "accuracy",
    "distinct_names",
    "number",
    "read_csv",
    "same_rows",
]
