"""Counts against a plain counter, the gain against the entropy itself, the cut against all cuts."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from keras_blog import mining
from keras_blog.mining import ngram_counts, ngram_scores

TEXTS = ["今天天气好", "昨天天气好", "天气不好！好天气", "今天 1998年 NBA不好", "他今天来", "昨天来", "𠀀𠀀好", "", "…"]


def plain(texts, longest):
    """Counts of all n-grams by a dictionary."""
    counts = Counter()
    for text in texts:
        run = ""
        for symbol in [*(piece[0] for piece in ngram_counts.symbols(text)), "\n"]:
            if ngram_counts.is_letter(symbol):
                run += symbol
                continue
            counts.update(run[i : i + n] for n in range(1, longest + 1) for i in range(len(run) - n + 1))
            run = ""
    return counts


@pytest.mark.parametrize("chunk", [1 << 21, 16])
@pytest.mark.parametrize("max_len", [1, 3, 5])
def test_counts_of_every_ngram(chunk, max_len, monkeypatch, tmp_path):
    monkeypatch.setattr(ngram_counts, "_CHUNK", chunk)
    rng = np.random.default_rng(0)
    texts = TEXTS + ["".join(rng.choice(list("天地人，a1"), size=30)) for _ in range(20)]
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(texts), encoding="utf-8")
    for source in (texts, iter(texts), path):
        counts = mining.count_ngrams(source, max_len, min_count=1)
        got = {}
        for length in range(1, max_len + 1):
            got.update(zip(counts.ngrams(length), counts.tables[length][1].tolist(), strict=True))
        expected = plain(texts, max_len)
        assert got == expected
        assert all(counts[ngram] == n for ngram, n in expected.items())
    pruned = mining.count_ngrams(texts, max_len, min_count=3)
    assert pruned["天"] == expected["天"]
    assert all(pruned[ngram] == (n if n >= 3 or len(ngram) == 1 else 0) for ngram, n in expected.items())


def test_symbols_over_the_most_frequent_are_no_letters(monkeypatch):
    monkeypatch.setattr(ngram_counts, "_SYMBOLS", 2)
    counts = mining.count_ngrams(["aa天天天地地人天地"], 2, min_count=1)
    assert (counts["天天"], counts["天地"], counts["地人"]) == (2, 2, 0)


def test_gain_is_the_fall_of_the_entropy():
    """The exact value of the article's example, 97 other symbols, and the sufficient approximation below it."""
    p_a, p_b, p_ab = 0.01, 0.02, 0.005
    others = np.full(97, (1 - p_a - p_b) / 97)

    def per_character(p, lengths):
        return -(p * np.log(p)).sum() / (p * lengths).sum()

    before = per_character(np.r_[p_a, p_b, others], np.ones(99))
    joined = np.r_[p_a - p_ab, p_b - p_ab, p_ab, others] / (1 - p_ab)
    after = per_character(joined, np.r_[1, 1, 2, np.ones(97)])
    gain = float(mining.entropy_gain(p_a, p_b, p_ab))
    assert gain == pytest.approx(before - after, rel=1e-9)
    assert gain == pytest.approx(0.0133008912492, rel=1e-10)
    assert p_ab * (math.log(p_ab / (p_a * p_b)) - 1) == pytest.approx(0.0110943791243, rel=1e-10)
    assert float(mining.entropy_gain(0.1, 0.2, 0.1)) > 0
    for bad in ((0.1, 0.2, 0.15), (0.1, 0.2, 0.0), (1.0, 0.2, 0.1)):
        with pytest.raises(ValueError, match=r"`p_ab` must be positive"):
            mining.entropy_gain(*bad)


def test_cohesion_is_that_of_the_loosest_split():
    counts = mining.count_ngrams(TEXTS, 4, min_count=1)
    reference = plain(TEXTS, 4)
    for length in (2, 3, 4):
        pmi, _ = ngram_scores.cohesion(counts, length)
        for ngram, value in zip(counts.ngrams(length), pmi, strict=True):
            splits = [reference[ngram[:i]] * reference[ngram[i:]] for i in range(1, length)]
            assert value == pytest.approx(math.log(reference[ngram] * counts.total / max(splits)))


@pytest.mark.parametrize("min_count", [1, 2])
def test_branching_entropies(min_count):
    """Exact where only what occurs once is left out."""
    counts = mining.count_ngrams(TEXTS, 4, min_count)
    reference = plain(TEXTS, 4)
    for length in (1, 2):
        (left, _), (right, _) = ngram_scores.branching(counts, length)
        for i, ngram in enumerate(counts.ngrams(length)):
            for side, got in ((slice(1, None), left[i]), (slice(None, -1), right[i])):
                beside = [n for longer, n in reference.items() if len(longer) == length + 1 and longer[side] == ngram]
                p = np.array(beside + [1] * (reference[ngram] - sum(beside))) / reference[ngram]
                assert got == pytest.approx(-(p * np.log(p)).sum(), abs=1e-12)


def test_the_cut_is_the_best_of_all():
    rng = np.random.default_rng(1)
    scores = {"".join(word): float(rng.normal()) for n in (1, 2, 3) for word in itertools.product("ab"[: 3 - n // 3], repeat=n)}
    words = mining.Vocabulary(scores, unknown=-3.0)
    for text in ("ababba", "bbabab", "acbca"):
        best = -math.inf
        for cuts in itertools.product([False, True], repeat=len(text) - 1):
            ends = [0, *(i + 1 for i, cut in enumerate(cuts) if cut), len(text)]
            parts = [text[a:b] for a, b in itertools.pairwise(ends)]
            if all(part in scores or len(part) == 1 for part in parts):
                best = max(best, sum(scores.get(part, -3.0) for part in parts))
        got = words._cut(text)
        starts = np.cumsum([0, *got])
        parts = [text[a:b] for a, b in itertools.pairwise(starts)]
        assert "".join(parts) == text
        assert sum(scores.get(part, -3.0) for part in parts) == pytest.approx(best)


def test_offsets_cover_the_text():
    words = mining.vocabulary(TEXTS).refined(TEXTS)
    text = "今天，12.5% 的NBA天气𠀀好…\n"
    spans = words.spans(text)
    assert [text[a:b] for a, b in spans] == words.tokenize(text)
    assert "".join(words.tokenize(text)) == "".join(text.split())
    assert "12.5%" in words.tokenize(text)
    assert words.spans("") == []


def test_published_bug_pair_counts_survive_a_second_use():
    """The published default empties its pair counts; here counts are never changed."""
    counts = mining.count_ngrams(TEXTS, 4)
    before = {n: (keys.copy(), number.copy()) for n, (keys, number) in counts.tables.items()}
    for _ in range(2):
        ngram_scores.cohesion(counts, 2)
        ngram_scores.autonomy(counts, 3)
    for length, (keys, number) in before.items():
        np.testing.assert_array_equal(counts.tables[length][0], keys)
        np.testing.assert_array_equal(counts.tables[length][1], number)


def test_published_bug_long_lines_do_not_hang():
    """Time and memory of a line grow with its length, not with the square."""
    line = "天地人和" * 50_000
    words = mining.vocabulary([line, "天地"])
    assert sum(b - a for a, b in words.spans(line)) == len(line)


def test_refining_drops_what_its_parts_explain():
    texts = ["甲乙丙丁"] * 20 + ["甲乙"] * 100 + ["丙丁"] * 100 + ["戊己"] * 20
    words = mining.Vocabulary({"甲乙丙丁": 9.0, "甲乙": 1.0, "丙丁": 1.0, "戊己": 1.0, **dict.fromkeys("甲乙丙丁戊己", -1.0)})
    refined = words.refined(texts)
    assert set(refined.scores) == {"甲乙", "丙丁", "戊己"}
    total = 240
    assert refined.scores["甲乙"] == pytest.approx(math.log(120 / total))


def test_vocabularies_are_saved_in_three_forms(tmp_path):
    words = mining.Vocabulary({"天气": -1.0, "天": -2.0, "0年": -1.5})
    forms = {}
    for form in ("plain", "jieba", "keras"):
        words.save(tmp_path / form, form)
        forms[form] = (tmp_path / form).read_text(encoding="utf-8").splitlines()
    assert forms == {"plain": ["天气"], "jieba": ["天气 1000000", "天 367879"], "keras": ["天气", "0年", "天"]}
    with pytest.raises(ValueError, match=r"`form` must be .* received 'xml'"):
        words.save(tmp_path / "x", "xml")


def test_bits_per_character_fall_by_words():
    texts = ["".join(np.random.default_rng(i).choice(["天气", "地方", "人和"], size=20)) for i in range(20)]
    words = mining.vocabulary(texts).refined(texts)
    by_words = mining.bits_per_character(words.count(texts))
    assert by_words < 0.5 * mining.bits_per_character(Counter("".join(texts)))
    assert by_words == pytest.approx(math.log2(3) / 2, rel=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mining.vocabulary(["…", " "]), r"`texts` must hold letters or digits; received none"),
        (lambda: mining.vocabulary([3]), r"`texts` must be strings; received int"),
        (lambda: mining.vocabulary(TEXTS, max_len=5), r"`max_len` must be from 1 to 4; received 5"),
        (lambda: mining.count_ngrams(TEXTS, 6), r"`max_len` must be from 1 to 5; received 6"),
        (lambda: mining.count_ngrams(TEXTS, min_count=0), r"`min_count` must be at least 1; received 0"),
        (lambda: mining.Vocabulary({}), r"`scores` must hold words"),
        (lambda: mining.Vocabulary({"a": math.inf}), r"`scores` must hold words with finite scores"),
        (lambda: mining.bits_per_character([]), r"`words` must hold at least one word"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
