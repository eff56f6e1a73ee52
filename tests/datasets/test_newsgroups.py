import pytest

from keras_blog.datasets import newsgroups


def test_the_corpus():
    try:
        (train, train_groups), (test, test_groups) = newsgroups.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert (len(train), len(test), len(set(train_groups)), len(set(test_groups))) == (11_293, 7_528, 20, 20)
    assert sum(len(text.split()) for text in train) == 3_037_995
    assert train[0].startswith("alt atheism faq")
    assert train_groups[0] == "alt.atheism"
