import pytest

from keras_blog.datasets import linked_texts

GOOD = '{"text": "Java runs", "mentions": [{"start": 0, "end": 4, "entity": "Q251"}]}'
ENTITIES = [{"id": "Q251", "names": {"Java": 1.0}, "description": ""}]


def load(tmp_path, *lines, entities=None):
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return linked_texts.load_data(path, entities)


def test_texts_and_mentions(tmp_path):
    none = '{"text": "👍🏽 Go", "mentions": [{"start": 3, "end": 5, "entity": null}]}'
    found = load(tmp_path, GOOD, "", none, '{"text": "x", "mentions": []}', entities=ENTITIES)
    assert found == (["Java runs", "👍🏽 Go", "x"], [[(0, 4, "Q251")], [(3, 5, None)], []])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nothing", "not JSON"),
        ('{"text": "", "mentions": []}', "no linked text"),
        ('{"text": "a"}', "no linked text"),
        ('{"text": "a", "mentions": [], "id": 1}', "not such an object"),
        ('{"text": "a", "mentions": [{"start": 0, "end": 1}]}', "no mention"),
        ('{"text": "a", "mentions": [7]}', "no mention"),
        ('{"text": "a", "mentions": [{"start": 0, "end": 2, "entity": null}]}', "no span; expected 0 <= start < end <= 1"),
        ('{"text": "a", "mentions": [{"start": -1, "end": 1, "entity": null}]}', "no span"),
        ('{"text": "a", "mentions": [{"start": 1, "end": 1, "entity": null}]}', "no span"),
        ('{"text": "a", "mentions": [{"start": 0.0, "end": 1, "entity": null}]}', "no span"),
        ('{"text": "a", "mentions": [{"start": false, "end": true, "entity": null}]}', "no span"),
        ('{"text": "a", "mentions": [{"start": 0, "end": 1, "entity": "Q1"}]}', "no entity; expected an id"),
        ('{"text": "a", "mentions": [{"start": 0, "end": 1, "entity": 7}]}', "no entity"),
    ],
)
def test_bad_lines_by_number(line, message, tmp_path):
    with pytest.raises(ValueError, match=f"train.jsonl:2: {message}"):
        load(tmp_path, GOOD, line, entities=ENTITIES)


def test_an_empty_file(tmp_path):
    with pytest.raises(ValueError, match=r"train.jsonl:1: no text"):
        load(tmp_path, "")
