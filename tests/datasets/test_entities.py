import pytest

from keras_blog.datasets import entities

GOOD = '{"id": "a", "names": ["A"], "description": "first"}'


def load(tmp_path, *lines):
    path = tmp_path / "entities.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return entities.load_data(path)


def test_names_are_a_list_or_counts(tmp_path):
    found = load(tmp_path, "\ufeff" + GOOD, "", '{"id": "乙", "names": {"B": 2, "é": 0.5}, "description": ""}\r')
    assert found == [
        {"id": "a", "names": {"A": 0.0}, "description": "first"},
        {"id": "乙", "names": {"B": 2.0, "é": 0.5}, "description": ""},
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON in UTF-8"),
        ("[" * 100_000, "not JSON in UTF-8"),
        ("[1]", "not such an object; expected"),
        (b'{"id": "\xff"}', "not UTF-8"),
        ('{"id": "\\ud83d", "names": ["A"], "description": ""}', "not JSON in UTF-8"),
        ('{"id": "b", "names": ["B"], "descripton": ""}', "not such an object"),
        ('{"id": "b", "names": ["B"]}', "no `description`; expected a string; received None"),
        ('{"id": 7, "names": ["B"], "description": ""}', "no `id`; expected a string; received 7"),
        ('{"id": "", "names": ["B"], "description": ""}', "no `id`"),
        ('{"id": "b", "names": [], "description": ""}', "no `names`; expected distinct strings"),
        ('{"id": "b", "names": "B", "description": ""}', "no `names`; expected strings"),
        ('{"id": "b", "names": ["B", "B"], "description": ""}', "no `names`; expected distinct"),
        ('{"id": "b", "names": [" "], "description": ""}', "no `names`"),
        ('{"id": "b", "names": {"B": -1}, "description": ""}', "no counts of `names`"),
        ('{"id": "b", "names": {"B": NaN}, "description": ""}', "no counts of `names`"),
        ('{"id": "b", "names": {"B": true}, "description": ""}', "no counts of `names`"),
        (GOOD, "not a new id; expected distinct ones; received that of line 1 again"),
    ],
)
def test_bad_lines_by_number(line, message, tmp_path):
    with pytest.raises(ValueError, match=f"entities.jsonl:2: {message}"):
        load(tmp_path, GOOD, line)


def test_an_empty_file(tmp_path):
    with pytest.raises(ValueError, match=r"entities.jsonl:1: no entity"):
        load(tmp_path, "")
