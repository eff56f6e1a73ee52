"""Tokens and their ids."""

import pytest

from keras_blog.models.vocabulary import Vocabulary, multiple, of_similar_length, padded, quarters, vocabulary_of


def test_ids_begin_after_padding_and_unknown():
    vocabulary = Vocabulary(["b", "a", "New"])
    assert len(vocabulary) == 5
    assert vocabulary.ids("abx") == [3, 2, 1]
    assert vocabulary.encode(["ab", ["New", "b", "b"]], lambda longest: longest + 1, most=2).tolist() == [[3, 2, 0], [4, 2, 0]]
    assert vocabulary.encode([], multiple(of=4)).shape == (0, 4)


def test_most_frequent_first():
    assert vocabulary_of(["aab", "bcc"], min_count=2) == ["a", "b", "c"]
    assert vocabulary_of([["New", "York"], ["New"]]) == ["New"]


def test_widths_are_few():
    assert [multiple(of=16)(n) for n in (0, 1, 16, 17)] == [16, 16, 16, 32]
    assert [quarters(n) for n in (0, 16, 17, 33, 65, 100, 1000)] == [16, 16, 20, 40, 80, 112, 1024]
    assert [quarters(n, least=8) for n in (0, 9, 12, 13, 17, 33)] == [8, 12, 12, 16, 20, 40]
    assert len({quarters(n) for n in range(1, 4097)}) == 33
    assert all(n <= quarters(n) < max(1.25 * n, 17) for n in range(1, 4097))


def test_padding_and_order():
    assert padded([[1, 2], []], multiple(of=3), value=-1).tolist() == [[1, 2, -1], [-1, -1, -1]]
    assert of_similar_length(["aaa", "", "a", "bb", "c"], 2) == [[1, 2], [4, 3], [0]]


@pytest.mark.parametrize("tokens", [[], ["a", "a"], ["a", 3]])
def test_tokens_are_distinct_strings(tokens):
    with pytest.raises(ValueError, match=f"`vocabulary` must be distinct strings, at least one; received {len(tokens)} values"):
        Vocabulary(tokens)


def test_texts_are_checked():
    with pytest.raises(ValueError, match="`texts` must hold strings or lists of tokens; received int at index 1"):
        Vocabulary(["a"]).encode(["a", 3], multiple(of=4))
