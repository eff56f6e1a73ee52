import pytest

from keras_blog.datasets import shopping_reviews


def test_a_review_stands_once_and_those_of_both_kinds_are_left_out(monkeypatch):
    files = {"neg": "差\n 很差 \n差\n都有\n\n", "pos": "好\n都有\n好\n"}
    monkeypatch.setattr(shopping_reviews.archive, "fetch", lambda *arguments, **options: None)
    monkeypatch.setattr(shopping_reviews.archive, "read_member", lambda path, name: files[name[-7:-4]].encode())
    assert shopping_reviews.load_data() == (["差", "很差", "好"], ["negative", "negative", "positive"])


def test_the_corpus():
    try:
        texts, labels = shopping_reviews.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert len(set(texts)) == len(texts) == 17_363
    for label, reviews, characters in (("negative", 9_031, 564_059), ("positive", 8_332, 710_422)):
        mine = [text for text, other in zip(texts, labels, strict=True) if other == label]
        assert (len(mine), sum(map(len, mine))) == (reviews, characters)
