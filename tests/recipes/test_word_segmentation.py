"""The greedy baseline of the word segmentation recipe."""

import pytest

from keras_blog.recipes.word_segmentation import greedy


def test_longest_match_wins_and_rare_words_are_pruned():
    train = (["abcab", "abc", "ab", "xy"], [list("BMEBE"), list("BME"), list("BE"), list("BE")])
    test = (["abcxyab"], [list("BMEBEBE")])
    report = greedy(train, test, "BMES")["overall"]
    # abc | x | y | ab: `xy` occurs once only
    assert report["precision"] == pytest.approx(2 / 4)
    assert report["recall"] == pytest.approx(2 / 3)
    assert report["f1"] == pytest.approx(4 / 7)
    assert report["spans"] == 3
