import pytest

from keras_blog.datasets import cmudict


def test_the_dictionary():
    try:
        parts = cmudict.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert [len(part) for part in parts] == [112_434, 6_246, 6_246]
    assert [sum(map(len, part.values())) for part in parts] == [120_303, 6_692, 6_672]
    assert not set(parts[0]) & set(parts[1]) | set(parts[1]) & set(parts[2]) | set(parts[0]) & set(parts[2])
    words = {word: row for part in parts for word, row in part.items()}
    assert words["hello"] == [["HH", "AH", "L", "OW"], ["HH", "EH", "L", "OW"]]
    assert len({phoneme for rows in words.values() for row in rows for phoneme in row}) == 39
    assert (
        len({phoneme for part in cmudict.load_data(stress=True) for rows in part.values() for row in rows for phoneme in row})
        == 69
    )
