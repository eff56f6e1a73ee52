import pytest

from keras_blog.datasets import geonames


def test_shared_spellings_are_left_out_and_every_tenth_city_is_held_out():
    cities = {str(i): {"name": f"city {i}", "alternatenames": [f"ville {i}", "Springfield", ""]} for i in range(20)}
    (train, train_groups), (test, test_groups) = geonames._split(cities)
    assert set(test_groups) == {"9", "19"}
    assert len(train) == 36
    assert "Springfield" not in train + test
    assert test == ["city 9", "ville 9", "city 19", "ville 19"]
    assert len(train) == len(train_groups)


def test_the_corpus():
    try:
        (train, train_groups), (test, test_groups) = geonames.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert (len(train), len(set(train_groups)), len(test), len(set(test_groups))) == (298_651, 29_569, 33_200, 3_286)
