"""A table: its columns, their types, and its rows; and the reader of CSV files."""

import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keras_blog.sql.numbers import number

TYPES = ("", "text", "number")  # "" where nobody knows
MOST_COLUMNS = 2000  # of SQLite


@dataclass(frozen=True)
class Table:
    """What a question is asked of.

    Args:
        columns: names of the columns, non-empty strings. They differ, upper and lower case apart, as SQLite wants it;
            `distinct_names` makes them so.
        types: `"number"`, `"text"` or `""` (unknown) for each; unknown by default.
        rows: tuples of cells, one a column: str, int, float or `None`.
        name: of the table.

    Raises:
        ValueError: if names repeat or are empty, a type is not known, or a row has another number of cells.
    """

    columns: Sequence[str]
    types: Sequence[str] | None = None
    rows: Sequence[tuple] = ()
    name: str = "table"

    def __post_init__(self):
        columns = tuple(self.columns)
        types = ("",) * len(columns) if self.types is None else tuple(self.types)
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "types", types)
        if not 1 <= len(columns) <= MOST_COLUMNS:
            raise ValueError(f"`columns` must be 1 to {MOST_COLUMNS} names; received {len(columns)}")
        if tuple(distinct_names(columns)) != columns:
            raise ValueError("`columns` must be distinct printable names; try sql.distinct_names(columns)")
        if len(types) != len(columns) or not set(types) <= set(TYPES):
            raise ValueError(f"`types` must be one of {TYPES} for each of {len(columns)} columns; received {types[:5]}")
        for i, row in enumerate(self.rows):
            if len(row) != len(columns):
                raise ValueError(f"`rows` must have {len(columns)} cells each; received {len(row)} in row {i}")
        if not self.name or self.name.startswith("sqlite_") or not self.name.isprintable():
            raise ValueError(f"`name` must be a printable name; received {self.name!r}")


def distinct_names(headers):
    """Headers as names that SQLite can tell apart: "" becomes "column 3", a second "Year" becomes "Year (2)".

    Example:
    >>> from keras_blog.sql import distinct_names
    >>> distinct_names(["Year", "", "YEAR", " year "])
    ['Year', 'column 2', 'YEAR (2)', 'year (3)']
    """
    names, taken = [], set()
    for i, header in enumerate(headers, start=1):
        header = " ".join("".join(c if c.isprintable() else " " for c in header).split()) or f"column {i}"
        trials = itertools.chain([header], (f"{header} ({n})" for n in itertools.count(2)))
        names.append(next(trial for trial in trials if trial.casefold() not in taken))
        taken.add(names[-1].casefold())
    return names


def read_csv(path, delimiter=None):
    """A `Table` out of a CSV file: the first line names the columns, and a column of numbers becomes one.

    Args:
        path: of a UTF-8 file. Short lines are filled with nothing, blank ones left out; cells without text are `None`;
            codes such as "02139" stay text.
        delimiter: between cells; read off the first lines by default.

    Returns:
        A `Table`, named after the file.

    Raises:
        ValueError: if the file is empty, is no UTF-8 text or no CSV, or a line has more cells than there are columns.

    Example:
    >>> import pathlib, tempfile
    >>> from keras_blog.sql import read_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "towns.csv").write_text('Town,People\\n"Bath, UK","94,092"\\nWells,\\n')
    ...     table = read_csv(pathlib.Path(folder, "towns.csv"))
    >>> table.types, table.rows
    (('text', 'number'), (('Bath, UK', 94092), ('Wells', None)))
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be UTF-8 text; {error}") from None
    if "\0" in text or not text.strip():
        raise ValueError(f"{path} must be a CSV file with a line of column names; it {'is binary' if text else 'is empty'}")
    lines = list(io.StringIO(text, newline=""))  # not `splitlines`, which ends lines at signs that stand in cells
    reader = csv.reader(lines, delimiter=delimiter or _delimiter(lines), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{path} must be a CSV file; line {reader.line_num}: {error}") from None
    (_, headers), *rows = rows
    for line, row in rows:
        if any(cell.strip() for cell in row[len(headers) :]):
            raise ValueError(f"{path}, line {line}: at most {len(headers)} cells, one a column; received {len(row)}")
    if len(headers) > MOST_COLUMNS:
        raise ValueError(f"{path} must have at most {MOST_COLUMNS} columns; received {len(headers)}")
    rows = [[cell.strip() for cell in row[: len(headers)]] + [""] * (len(headers) - len(row)) for _, row in rows]
    columns = [_typed(cells) for cells in zip(*rows, strict=True)] or [("", ())] * len(headers)
    name = path.stem if path.stem.isprintable() and not path.stem.startswith("sqlite_") else "table"
    types, cells = zip(*columns, strict=True)
    return Table(distinct_names(headers), types, tuple(zip(*cells, strict=True)), name or "table")


def _delimiter(lines):
    """The sign that cuts the first lines into most cells, as many in each."""

    def cells(sign):
        try:
            counts = [len(row) for row in csv.reader(lines[:20], delimiter=sign) if row]
        except csv.Error:
            return 0
        return min(counts, default=0)

    return max(",;\t|", key=cells)


def _typed(cells):
    numbers = [number(cell) for cell in cells]
    codes = any(re.match(r"0\d", cell) for cell in cells)  # "02139" is no number to calculate with
    if any(cells) and not codes and all((n is None) == (not cell) for n, cell in zip(numbers, cells, strict=True)):
        return "number", numbers
    return "text", [cell or None for cell in cells]
