import pytest

from keras_blog.datasets import analogies, word_pairs


def test_the_corpora():
    try:
        pairs = {name: word_pairs.load_data(name) for name in ("wordsim353", "simlex999")}
        groups = analogies.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert [len(rows) for rows in pairs.values()] == [353, 999]
    assert pairs["wordsim353"][0] == ("love", "sex", 6.77)
    assert all(0 <= mark <= 10 for rows in pairs.values() for *_, mark in rows)
    assert (len(groups), sum(map(len, groups.values())), sum(name.startswith("gram") for name in groups)) == (14, 19_544, 9)
    assert all(len(row) == 4 for rows in groups.values() for row in rows)


def test_another_name():
    with pytest.raises(ValueError, match=r"`name` must be one of \['simlex999', 'wordsim353'\]; received 'ws'"):
        word_pairs.load_data("ws")
