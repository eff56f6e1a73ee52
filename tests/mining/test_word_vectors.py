"""Counts of pairs, mutual information, vectors in closed form, and their questions."""

import importlib
import itertools
import math

import numpy as np
import pytest

from keras_blog import mining

RNG = np.random.default_rng(0)


def brute_force(texts, window, min_count, by_distance, self_pairs):
    counts = {}
    for token in itertools.chain(*texts):
        counts[token] = counts.get(token, 0) + 1
    pairs = {}
    for text in texts:
        for i, j in itertools.combinations(range(len(text)), 2):
            pair = tuple(sorted((text[i], text[j])))
            if j - i <= window and min(counts[word] for word in pair) >= min_count and (self_pairs or len(set(pair)) == 2):
                pairs[pair] = pairs.get(pair, 0) + (1 / (j - i) if by_distance else 1)
    return pairs


@pytest.mark.parametrize(("by_distance", "self_pairs"), [(False, False), (True, True)])
@pytest.mark.parametrize("chunk", [3, 17, 1 << 20])
def test_counts_equal_brute_force_however_they_are_cut(by_distance, self_pairs, chunk, monkeypatch):
    monkeypatch.setattr(importlib.import_module("keras_blog.mining.cooccurrence"), "_TOKENS", chunk)
    texts = [RNG.choice(list("abcdefg"), size=n, p=[0.3, 0.25, 0.2, 0.1, 0.08, 0.05, 0.02]).tolist() for n in (0, 1, 2, 30, 41)]
    found = mining.cooccurrence(iter(texts), window=4, min_count=3, by_distance=by_distance, self_pairs=self_pairs)
    pairs = {tuple(sorted((found.words[i], found.words[j]))): value for i, j, value in zip(*found.pairs, strict=True)}
    expected = brute_force(texts, 4, 3, by_distance, self_pairs)
    assert pairs.keys() == expected.keys()
    assert all(pairs[pair] == pytest.approx(value) for pair, value in expected.items())
    assert found.counts.tolist() == sorted(found.counts.tolist(), reverse=True)
    assert found.tokens == 74


def test_exact_values():
    found = mining.cooccurrence(["a b a c b a a c".split()], window=1, min_count=1)
    assert found.counts.tolist() == [4, 2, 2]
    np.testing.assert_allclose(found.pairs.values, [3, 2, 1])
    np.testing.assert_allclose(found.pmi().values, [0.69314718, 0.28768207, 0.28768207], atol=1e-8)
    np.testing.assert_allclose(found.pmi("pairs").values, [0.58778666, 0.47000363, 0], atol=1e-8)
    np.testing.assert_allclose(found.pmi(shift=math.log(2)).values, [0, -0.40546511, -0.40546511], atol=1e-8)
    flat = [math.log(share * 9) for share in (3 / 12, 2 / 12, 1 / 12)]  # with power near 0 all words are alike
    np.testing.assert_allclose(found.pmi(power=1e-9).values, flat, atol=1e-6)
    np.testing.assert_allclose(found.weights(most=2.0), [1, 1, 0.5**0.75])


def test_most_and_rare_words():
    texts = [["a", "x", "b"], ["a", "b"], ["b", "c", "c"]]
    found = mining.cooccurrence(texts, window=1, min_count=2)
    assert found.words == ["b", "a", "c"]  # x is rare, and keeps a and b apart
    assert {(found.words[i], found.words[j]): v for i, j, v in zip(*found.pairs, strict=True)} == {("b", "a"): 1, ("b", "c"): 1}
    assert mining.cooccurrence(texts, window=1, min_count=1, most=2).words == ["b", "a"]


def test_closed_form_is_the_best_of_its_size():
    """With all dimensions the products are the positive part of the matrix; with fewer, no other vectors come nearer."""
    pytest.importorskip("scipy")
    texts = [RNG.choice(list("abcdefgh"), size=60).tolist() for _ in range(8)]
    found = mining.cooccurrence(texts, window=3, min_count=1)
    left, right, values = found.pmi()
    matrix = np.zeros((8, 8))
    matrix[left, right] = matrix[right, left] = np.maximum(values, 0)
    roots, vectors = np.linalg.eigh(matrix)
    for dim in (2, 7):
        best = vectors[:, ::-1][:, :dim] * np.sqrt(np.maximum(roots[::-1][:dim], 0))
        got = mining.pmi_vectors(found, dim).vectors
        np.testing.assert_allclose(got @ got.T, best @ best.T, atol=1e-5)


def word_vectors(count=50, dim=6):
    vectors = np.random.default_rng(0).normal(size=(count, dim))
    return mining.WordVectors([f"w{i}" for i in range(count)], vectors, np.arange(count, 0, -1))


@pytest.mark.parametrize("contexts", [20, 4, None])
def test_similar_is_the_correlation_of_the_profiles(contexts):
    """Also with fewer contexts than dimensions, where the published Cholesky decomposition fails."""
    found = word_vectors()
    profiles = found.vectors @ found.vectors[:contexts].T
    centered = profiles - profiles.mean(axis=1, keepdims=True)
    centered /= np.linalg.norm(centered, axis=1, keepdims=True)
    expected = centered @ centered[7]
    for word, value in found.similar("w7", k=49, contexts=contexts):
        assert value == pytest.approx(expected[int(word[1:])], abs=1e-4)


def test_questions():
    axes = {"king": (1, 1, 0), "man": (0, 1, 0), "woman": (0, 0, 1), "queen": (1, 0, 1), "the": (0.1, 0.1, 0.1)}
    found = mining.WordVectors(list(axes), list(axes.values()), [10, 20, 20, 5, 500])
    assert found.analogy(["king", "woman"], ["man"], k=1)[0][0] == "queen"
    assert found.correlated("king", k=2) == [("man", 1.0), ("queen", 1.0)]
    assert found.keywords(["the", "king", "man", "unknown"], k=2)[0] == ("king", pytest.approx(3.2))
    np.testing.assert_allclose(found.text(["king", "unknown", "king"]), [2, 2, 0])
    assert found.text_similarity(["king"], ["king", "king"]) == pytest.approx(1)
    assert found.text_similarity(["unknown"], ["king"]) == 0
    assert found.keywords(["unknown"]) == []
    plain, frequent = (dict(found.relatedness("king", k=4, alpha=alpha)) for alpha in (1.0, 0.5))
    assert plain["man"] == pytest.approx(1)
    assert frequent["the"] - plain["the"] > frequent["queen"] - plain["queen"]


@pytest.mark.parametrize("form", ["word2vec", "glove"])
def test_files(form, tmp_path):
    found = word_vectors(5, 3)
    found.save(tmp_path / "vectors.txt", form)
    first = (tmp_path / "vectors.txt").read_text(encoding="utf-8").splitlines()[0]
    assert (first == "5 3") == (form == "word2vec")
    again = mining.WordVectors.load(tmp_path / "vectors.txt")
    assert again.words == found.words
    np.testing.assert_allclose(again.vectors, found.vectors, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mining.cooccurrence(["a string"]), "`texts` must hold lists of tokens; received the string 'a string'"),
        (lambda: mining.cooccurrence([["a"]], min_count=2), "`texts` must hold a word that occurs `min_count` times, 2"),
        (lambda: mining.cooccurrence([["a"]], window=0), "`window` must be an int of at least 1; received 0"),
        (lambda: mining.cooccurrence([["a"]], min_count=1).pmi("joint"), "`marginals` must be 'unigram' or 'pairs'"),
        (lambda: word_vectors()["none"], "`word` must be one of the 50 words with a vector; received 'none'"),
        (lambda: word_vectors().similar("none"), "`word` must be one of"),
        (lambda: mining.WordVectors(["a", "a"], np.zeros((2, 3))), "`words` must be distinct"),
        (lambda: mining.WordVectors(["a"], np.zeros((2, 3))), "`vectors` must have a row a word, 1"),
        (lambda: mining.WordVectors(["a"], np.zeros((1, 3))).relatedness("a"), "`relatedness` needs the counts"),
        (lambda: mining.WordVectors(["a b"], np.zeros((1, 3))).save("x"), "`words` must have no white space"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_bad_line_is_named(tmp_path):
    (tmp_path / "bad.txt").write_text("a 1 2\nb 1 x\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad.txt:2: no word vector; expected a word and 2 numbers; received 'b 1 x"):
        mining.WordVectors.load(tmp_path / "bad.txt")
