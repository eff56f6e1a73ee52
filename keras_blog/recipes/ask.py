"""`keras-blog ask TABLE.csv "QUESTION"`: a trained `models.NL2SQL` on the user's own table."""

import json
from pathlib import Path

import keras

from keras_blog import models
from keras_blog.sql import Database, read_csv

_SHOWN = 20  # rows


def add_arguments(parser):
    """The arguments of the command."""
    parser.add_argument("table", metavar="TABLE", type=Path, help="a CSV file with a line of column names, or an SQLite file")
    parser.add_argument("question", metavar="QUESTION")
    parser.add_argument("--model", type=Path, default=Path("runs/nl2sql/model.keras"), help="default: %(default)s")
    parser.add_argument("--tries", type=int, default=10, help="queries to run until one finds something; default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options):
    """Print the SQL, its parameters and the rows."""
    if not options.table.is_file():
        raise ValueError(f"{options.table}: no such file; expected a CSV file, or an SQLite file")
    if not options.model.is_file():
        raise ValueError(f"{options.model}: no such file; `keras-blog train nl2sql` makes one")
    with open(options.table, "rb") as file:
        sqlite = file.read(16) == b"SQLite format 3\0"
    if sqlite:
        with Database.open(options.table) as database:
            table = database.table
    else:
        table = read_csv(options.table)
    try:
        model = keras.saving.load_model(options.model, compile=False)
    except Exception as error:  # whatever a damaged archive raises
        raise ValueError(f"{options.model}: not a model that Keras can load: {str(error).strip().splitlines()[0]}") from error
    if not isinstance(model, models.NL2SQL):
        raise ValueError(f"{options.model}: expected an NL2SQL; received a {type(model).__name__}")
    answer = model.ask(options.question, table, options.tries)
    if options.json:
        content = {"sql": answer.sql, "parameters": answer.parameters, "rows": answer.rows}
        print(json.dumps(content, ensure_ascii=False))
        return
    print(answer.sql)
    for value in answer.parameters:
        print(f"  ? = {value!r}")
    for row in answer.rows[:_SHOWN]:
        print("\t".join("" if cell is None else str(cell) for cell in row))
    if len(answer.rows) > _SHOWN:
        print(f"... and {len(answer.rows) - _SHOWN:,} more")
