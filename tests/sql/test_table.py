import csv
import random

import pytest

from keras_blog.sql import Database, Query, Table, distinct_names, read_csv


def table_of(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_csv(path)


def test_odd_headers_become_names(tmp_path):
    table = table_of(tmp_path, 'a,,A," ","x""y; DROP TABLE t",a\n1,2,3,4,5,6\n')
    assert table.columns == ("a", "column 2", "A (2)", "column 4", 'x"y; DROP TABLE t', "a (3)")
    assert table.types == ("number",) * 6
    assert table.name == "mine"


def test_nothing_is_lost_in_quotes_empty_columns_and_short_lines(tmp_path):
    table = table_of(tmp_path, 'name;empty;note\n"a;b";;"two\nlines"\n\n c ;\n')
    assert table.rows == (("a;b", None, "two\nlines"), ("c", None, None))
    assert table.types == ("text", "text", "text")


def test_columns_have_types(tmp_path):
    table = table_of(tmp_path, "price,share,code\n$1.50,10%,4-4-2\n−3,,7\n")
    assert table.types == ("number", "number", "text")
    assert table.rows == ((1.5, 10, "4-4-2"), (-3, None, "7"))


def test_codes_with_leading_zeros_keep_them(tmp_path):
    assert table_of(tmp_path, "zip,share\n02139,0.5\n10001,0\n").rows == (("02139", 0.5), ("10001", 0))


def test_a_line_ends_where_csv_says(tmp_path):
    table = table_of(tmp_path, "a,b\r\nx\u2028y,1\r\nv\x0bw,2\r\n")
    assert table.rows == (("x\u2028y", 1), ("v\x0bw", 2))


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_read_off(tmp_path, sign):
    assert table_of(tmp_path, f"a{sign}b\n1{sign}2\n").columns == ("a", "b")


def test_one_column_is_a_table(tmp_path):
    assert table_of(tmp_path, "\ufeffonly\nx\n").columns == ("only",)
    assert table_of(tmp_path, "only,headers\n").rows == ()


def test_a_thousand_columns(tmp_path):
    headers = [f"column {i}" if i % 3 else "same" for i in range(1000)]
    table = table_of(tmp_path, ",".join(headers) + "\n" + ",".join(map(str, range(1000))) + "\n")
    with Database(table) as database:
        assert database.rows(Query([("", 999)])) == [(999,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (b"\x00\x01PK", "is binary"),
        (b"\xff\xfea", "UTF-8"),
        ("a,b\n1,2,3\n", "line 2: at most 2 cells"),
        ('a,b\n"1,2\n', "line 2"),
        (",".join(map(str, range(2001))), "at most 2000 columns"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        table_of(tmp_path, text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": []}, "`columns` must be 1 to 2000"),
        ({"columns": ["a", "A"]}, "distinct"),
        ({"columns": [""]}, "distinct"),
        ({"columns": ["a"], "types": ["date"]}, "`types` must"),
        ({"columns": ["a"], "rows": [(1, 2)]}, "`rows` must"),
        ({"columns": ["a"], "name": "sqlite_master"}, "`name` must"),
    ],
)
def test_a_bad_table_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Table(**options)


def test_any_cells_survive_a_file(tmp_path):
    chance = random.Random(0)
    signs = "ab,;\"'\n\t|-5. é名\\%`"
    for i in range(150):
        cells = [["".join(chance.choice(signs) for _ in range(chance.randrange(6))) for _ in range(3)] for _ in range(3)]
        headers, *rows = cells
        if not any(cell.strip() for cell in headers):
            continue
        path = tmp_path / f"{i}.csv"
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(cells)
        table = read_csv(path, delimiter=",")
        assert list(table.columns) == distinct_names(headers)
        with Database(table) as database:
            found = database.rows(Query([("", 0), ("", 1), ("", 2)]))
        assert len(found) == sum(any(cell.strip() for cell in row) for row in rows)
        texts = {cell for row in found for cell in row if isinstance(cell, str)}
        assert texts <= {cell.strip() for row in rows for cell in row}
