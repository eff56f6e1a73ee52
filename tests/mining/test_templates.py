"""The miner against all paths, the parser against all covers, and the seven templates of article 5597."""

import itertools
import math
from functools import lru_cache

import numpy as np
import pytest

from keras_blog import mining

SEVEN = {
    (None, "呢"): 10,
    (None, "可以", None, "吗"): 9,
    ("我", None): 8,
    (None, "的", None, "是", None): 7,
    (None, "的", None, "是", None, "呢"): 7,
    (None, "的", None): 12,
    (None, "和", None): 12,
}


@pytest.mark.parametrize(
    ("sentence", "score", "text"),
    [
        ("鸡蛋 可以 吃 吗", math.log(9 / 65), "(鸡蛋)可以(吃)吗"),
        ("苹果 的 颜色 是 什么 呢", -2.2284771208, "(苹果)的(颜色)是(什么)呢"),
        ("牛肉 鸡蛋 可以 吃 吗", -21.9771626926, "(牛肉|鸡蛋)可以(吃)吗"),
        ("苹果 的 颜色 是 什么 的 意思 是 什么 呢", -4.4569542416, "((苹果)的(颜色)是(什么))的(意思)是(什么)呢"),
        ("雪梨 和 苹果 和 香蕉 的 颜色 是 什么 呢", -5.6074383611, "((雪梨)和(苹果))和(香蕉)"),
    ],
)
def test_scores_of_article_5597(sentence, score, text):
    words = sentence.split()
    found = mining.TemplateParser(SEVEN, null_score=-20.0).parse(words)
    assert found.score == pytest.approx(score, abs=1e-9)
    assert text in str(found)
    assert found.words == words


def test_of_equal_parses_the_one_that_the_article_prints():
    """The published code gives (雪梨)和(苹果和香蕉) on Python 3."""
    found = mining.TemplateParser(SEVEN).parse(["雪梨", "和", "苹果", "和", "香蕉"])
    assert str(found) == "((雪梨)和(苹果))和(香蕉)"
    assert [part.words for part in found.parts] == [["雪梨", "和", "苹果"], ["香蕉"]]
    assert [part.start for part in found.parts] == [0, 4]
    backwards = mining.TemplateParser(dict(reversed(SEVEN.items())))
    assert backwards.parse(["雪梨", "和", "苹果", "和", "香蕉"]) == found


def best_cover(words, templates, null_score):
    """All covers of a span, the best by score, words of its template, and gaps: by enumeration of every cut."""
    words, total = tuple(words), sum(templates.values())

    def matches(template, start, end):
        gaps = [place for place, word in enumerate(template) if word is None]
        for sizes in itertools.product(range(1, end - start + 1), repeat=len(gaps)):
            if sum(sizes) + len(template) - len(gaps) == end - start:
                place, spans, sizes = start, [], list(sizes)
                for word in template:
                    if word is None:
                        spans.append((place, place + sizes.pop(0)))
                        place = spans[-1][1]
                    elif words[place] != word:
                        break
                    else:
                        place += 1
                else:
                    yield spans

    @lru_cache(None)
    def best(start, end):
        ways = [(0.0, 0, [], ())] if end == start + 1 else []
        for template, weight in templates.items():
            for spans in matches(template, start, end):
                score = math.log(weight / total) + sum(best(*span)[0] for span in spans)
                gaps = [(-first, last) for first, last in spans]
                ways.append((round(score, 8), sum(word is not None for word in template), gaps, template))
        for middle in range(start + 1, end):
            score = best(start, middle)[0] + best(middle, end)[0] + null_score
            ways.append((round(score, 8), 0, [(-start, middle), (-middle, end)], ()))
        return max(ways)

    def tree(start, end):
        _, _, gaps, template = best(start, end)
        parts = [tree(-first, last) for first, last in gaps]
        return (template, parts if template else [p for part in parts for p in ([part] if part[0] else part[1] or [part])])

    return best(0, len(words))[0], tree(0, len(words))


def shape(parse):
    return parse.template, [shape(part) for part in parse.parts]


def test_parser_equals_all_covers():
    rng = np.random.default_rng(0)
    joined = nested = 0
    for _ in range(150):
        found = {}
        while len(found) < 5:
            row = [None if rng.random() < 0.5 else str(rng.choice(list("abc"))) for _ in range(rng.integers(1, 5))]
            row = [word for i, word in enumerate(row) if word is not None or i == 0 or row[i - 1] is not None]
            if any(row):
                found[tuple(row)] = int(rng.integers(1, 4))
        words = [str(word) for word in rng.choice(list("abcd"), size=rng.integers(1, 8))]
        score, expected = best_cover(words, found, -3.0)
        parse = mining.TemplateParser(found, null_score=-3.0).parse(words)
        assert parse.score == pytest.approx(score, abs=1e-6)
        assert shape(parse) == expected, (words, found)
        joined += not parse.template
        nested += any(part.template for part in parse.parts)
    assert joined > 10
    assert nested > 10


def test_parser_is_polynomial():
    """Thirty-one words joined by thirty: 10^15 parses."""
    words = ["x", *["和", "x"] * 30]
    parse = mining.TemplateParser(SEVEN).parse(words)
    assert parse.score == pytest.approx(30 * math.log(12 / 65), abs=1e-8)
    assert str(parse).startswith("(" * 30 + "x)")


def all_templates(sentence, links, window):
    """Templates of all whole paths, by recursion."""

    def after(i):
        return [j for j in range(i + 1, min(len(sentence), i + window + 1)) if (sentence[i], sentence[j]) in links]

    def paths(i):
        return [[i, *path] for j in after(i) for path in paths(j)] if after(i) else [[i]]

    starts = [i for i in range(len(sentence)) if not any(i in after(h) for h in range(i))]
    found = set()
    for path in (path for i in starts for path in paths(i) if len(path) > 1):
        row, last = [], -1
        for i in [*path, len(sentence)]:
            row += ([None] if i > last + 1 else []) + list(sentence[i : i + 1])
            last = i
        found.add(tuple(row))
    return found


@pytest.mark.parametrize("window", [1, 2, 4])
def test_miner_finds_all_paths(window):
    rng = np.random.default_rng(window)
    sentences = [[str(word) for word in rng.choice(list("abcde"), size=rng.integers(0, 8))] for _ in range(120)]
    options = {"min_count": 3, "min_pmi": 0.02}
    pairs = mining.SkipPairs(window).update(sentences)
    links = pairs.strong(**options)
    assert links
    expected = [template for sentence in sentences for template in all_templates(sentence, links, window)]
    expected = {template: expected.count(template) for template in expected if expected.count(template) >= 3}
    assert expected
    found = mining.templates(iter(sentences), window=window, max_paths=1000, **options)
    assert found == expected
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert mining.templates(iter(sentences), pairs=pairs, max_paths=1000, **options) == found
    if window == 1:
        assert not any(None in template[1:-1] for template in found)


def test_strong_pairs_by_hand():
    pairs = mining.SkipPairs(2).update([["a", "b", "c"], ["a", "b"]])
    assert pairs.pairs == {("a", "b"): 2, ("b", "c"): 1, ("a", "c"): 1}
    found = pairs.strong(min_count=1, min_pmi=-9.0)
    assert found["a", "b"] == pytest.approx(math.log((2 / 4) / (2 / 5 * 2 / 5)))
    assert pairs.strong(min_count=2, min_pmi=-9.0).keys() == {("a", "b")}


def test_counts_are_not_emptied_by_reading_them():
    """The published option `remove_weak_pairs` emptied them, so that training could not go on."""
    sentences = [["if", "it", "rains", "then", "stay"], ["if", "so", "then", "go"]] * 3
    parts, whole = mining.SkipPairs(3), mining.SkipPairs(3).update(sentences)
    for sentence in sentences:
        parts.update([sentence])
        before = parts.pairs.copy()
        parts.strong(min_count=2)
        mining.templates(sentences, pairs=parts)
        assert parts.pairs == before
    assert parts.pairs == whole.pairs
    assert parts.words == whole.words
    assert parts.pairs["if", "then"] == 6


def test_paths_of_a_long_sentence_are_bounded():
    """The published code lists all, here about 2^60: now the best by the sum of their information, and each once."""
    words = [f"w{i}" for i in range(60)]
    found = mining.templates([words] * 2, window=3, max_paths=5)
    assert len(found) == 5
    assert tuple(words) in found
    assert set(found.values()) == {2}


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: mining.SkipPairs(0), "`window` must be an int of at least 1; received 0"),
        (lambda: mining.templates(["a b"]), "`sentences` must hold lists of words; received the string 'a b'"),
        (lambda: mining.templates([["a"]], min_count=0), "`min_count` must be an int of at least 1; received 0"),
        (lambda: mining.templates([["a"]], max_paths=True), "`max_paths` must be an int of at least 1; received True"),
        (lambda: mining.TemplateParser({}), "at least one template; received none"),
        (lambda: mining.TemplateParser({("a",): 0}), "positive weights; received 0"),
        (lambda: mining.TemplateParser({(None,): 1}), "no two gaps in a row"),
        (lambda: mining.TemplateParser({("a", None, None): 1}), "no two gaps in a row"),
        (lambda: mining.TemplateParser({("a",): 1}, null_score=0), "`null_score` must be negative and finite; received 0"),
        (lambda: mining.TemplateParser({("a",): 1}).parse([]), "at least one word"),
        (lambda: mining.TemplateParser({("a",): 1}).parse("ab"), "list of at least one word; received 'ab'"),
    ],
)
def test_bad_input(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_nothing_to_find():
    assert mining.templates([]) == {}
    assert mining.templates([["a"], []]) == {}
