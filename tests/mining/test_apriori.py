"""Frequent sets against all subsets, against the figures of the article's systems section, and against peers."""

import itertools
import math
import random

import numpy as np
import pytest

from keras_blog.datasets import debian
from keras_blog.mining import apriori, association_rules, read_transactions
from keras_blog.mining import transactions as packed


def brute(transactions, min_support, max_len=None):
    """Counts of all frequent sets, from the definition."""
    rows = [frozenset(row) for row in transactions]
    items = sorted(set().union(*rows))
    found = {}
    for size in range(1, (max_len or len(items)) + 1):
        level = {}
        for chosen in itertools.combinations(items, size):
            count = sum(row.issuperset(chosen) for row in rows)
            if count >= min_support * len(rows) - 1e-9 and count:
                level[frozenset(chosen)] = count
        if not level:
            break
        found.update(level)
    return found


def baskets(rng, rows, items, density):
    return [[i for i in range(items) if rng.random() < density[i]] for _ in range(rows)]


def many():
    rng = random.Random(0)
    for rows, items, support in ((1, 3, 1.0), (63, 7, 0.05), (64, 8, 0.2), (65, 9, 0.1), (400, 10, 0.02), (1500, 8, 0.3)):
        density = [rng.random() ** 2 for _ in range(items)]
        yield baskets(rng, rows, items, density), support


@pytest.mark.parametrize("max_len", [None, 1, 2, 3])
def test_it_finds_every_frequent_set(max_len):
    for rows, support in many():
        if any(rows):
            assert apriori(rows, support, max_len).counts == brute(rows, support, max_len)


def test_blocks_of_any_size_give_the_same(monkeypatch):
    """Small blocks, spilled to a file, rare items in few words, and no matrix of pairs."""
    module = __import__("keras_blog.mining.apriori", fromlist=["_WORDS"])
    rng = random.Random(1)
    rows = baskets(rng, 5000, 12, [0.01, 0.012, 0.02, 0.03] + [0.2] * 8)
    rows += [[0, 1, 2, 3]] * 10
    expected = brute(rows, 0.002)
    for words, matrix in ((1, 8192), (64, 0), (1 << 17, 0)):
        monkeypatch.setattr(module, "_WORDS", words)
        monkeypatch.setattr(module, "_MATRIX", matrix)
        monkeypatch.setattr(packed, "_MATRIX", matrix)
        monkeypatch.setattr(packed, "_BYTES", words)
        monkeypatch.setattr(packed, "_ROWS", 128)
        monkeypatch.setattr(packed, "_SPOOL", 1000)
        assert apriori(iter(rows), 0.002).counts == expected


def test_long_transactions_are_counted_by_bits():
    """In them there are more pairs than words of bits; both ways give the same."""
    rng = random.Random(2)
    rows = baskets(rng, 200, 7, [0.5] * 7) + [[*range(7)] * 3] * 20
    assert packed.Bits(rows, 0.01).pairs is None
    sparse = [[rng.randrange(40), rng.randrange(40), rng.randrange(40)] for _ in range(5000)]
    found = packed.Bits(sparse, 0.001)
    expected = [[packed.popcount(a & b) for b in found.bits] for a in found.bits]
    np.testing.assert_array_equal(np.triu(found.pairs, 1), np.triu(expected, 1))
    np.testing.assert_array_equal(found.pairs, found.pairs.T)


def test_counting_bits_without_the_instruction():
    words = np.random.default_rng(0).integers(0, 2**63, size=(5, 7), dtype=np.uint64)
    table = np.array([bin(i).count("1") for i in range(1 << 16)], np.uint8)
    np.testing.assert_array_equal(packed.popcount(words), table[words.view(np.uint16)].sum(-1))


def test_published_bug_an_item_named_twice_counts_once():
    """The published code gives `a` a support of 1.33."""
    found = apriori([["a", "a", "b"], ["a", "a"], ["b"]], 0.1)
    assert found[["a"]] == 2 / 3
    assert apriori([["a", "a"], ["b"], ["c"]], 0.5) == {}


def test_published_bug_a_set_at_the_threshold_is_in():
    """7 of 25 are .28: `>` drops it, and so did floating point in a peer."""
    rows = [["x", "y"]] * 7 + [["z"]] * 18
    assert apriori(rows, 0.28).counts == {frozenset("z"): 18, frozenset("x"): 7, frozenset("y"): 7, frozenset("xy"): 7}
    rules = association_rules(apriori([["a", "b"]] * 7 + [["a"]] * 18, 0.1), min_confidence=0.28)
    assert (frozenset("a"), frozenset("b")) in {rule[:2] for rule in rules}


def test_published_bug_blank_lines_and_commas_are_no_items(tmp_path):
    path = tmp_path / "baskets.csv"
    path.write_text("﻿tea, milk,\n\n , \nmilk,,milk\n", encoding="utf-8")
    assert list(read_transactions(path)) == [["tea", "milk"], ["milk", "milk"]]
    assert apriori(path, 0.5).counts == {frozenset(["milk"]): 2, frozenset(["tea"]): 1, frozenset(["tea", "milk"]): 1}
    path.write_bytes(b"a,b\n\xff\xfe\n")
    with pytest.raises(ValueError, match=r"baskets.csv:2: not UTF-8; expected .* received"):
        apriori(path, 0.5)


def test_published_bug_rules_may_have_several_consequents():
    sets = apriori([["a", "b", "c"]] * 3 + [["a"], ["b", "c"]], 0.2)
    got = {(rule.antecedent, rule.consequent) for rule in association_rules(sets, 0.7)}
    expected = set()
    for whole, count in sets.counts.items():
        for size in range(1, len(whole)):
            for left in map(frozenset, itertools.combinations(whole, size)):
                if count / sets.counts[left] >= 0.7 - 1e-12:
                    expected.add((left, whole - left))
    assert got == expected
    assert (frozenset("a"), frozenset("bc")) in got
    assert all(len(rule.consequent) == 1 for rule in association_rules(sets, 0.1, max_consequent=1))
    assert all(rule.lift >= 1.2 for rule in association_rules(sets, 0.1, min_lift=1.2))


def test_measures_of_a_rule():
    """Ten transactions: 4 hold a, 5 hold b, 3 both."""
    rows = [["a", "b"]] * 3 + [["a"]] + [["b"]] * 2 + [["c"]] * 4
    (rule,) = [r for r in association_rules(apriori(rows, 0.1), 0.1) if r.antecedent == frozenset("a")]
    expected = (0.3, 0.75, 1.5, 0.1, 2.0, 0.1 / max(0.3 * 0.6, 0.4 * 0.2), 0.5, (0.75 + 0.6) / 2, 0.5)
    np.testing.assert_allclose(rule[2:], expected, rtol=1e-12)
    rows = [["a", "b"]] + [["a"]] * 3 + [["b"]] * 6
    rule = next(r for r in association_rules(apriori(rows, 0.1), 0.1) if r.antecedent == frozenset("a"))
    assert rule.certainty == pytest.approx((0.25 - 0.7) / 0.7)
    sure = association_rules(apriori([["a", "b"], ["a", "b"]], 0.5), 0.5)[0]
    assert (sure.conviction, sure.zhang, sure.certainty, sure.lift) == (math.inf, 0, 0, 1)


def test_maximal_and_closed_sets():
    rows, support = list(many())[3]
    sets = apriori(rows, support)
    maximal = {a for a in sets if not any(a < b for b in sets)}
    closed = {a for a in sets if not any(a < b and sets[a] == sets[b] for b in sets)}
    assert set(sets.maximal()) == maximal
    assert set(sets.closed()) == closed
    assert all(count == max(sets.counts[b] for b in closed if a <= b) for a, count in sets.counts.items())


def test_items_are_any_hashable_things_and_order_is_fixed():
    rows = [[1, "1", (2, 3)], [1, (2, 3)], [None, float("nan"), 1], iter([1, "1"]), {"1"}, []]
    found = apriori(rows, 1 / 6)
    assert found[[(2, 3)]] == 2 / 6
    assert found.total == 6
    assert None not in set().union(*found)
    assert list(found) == list(apriori([list(row) for row in (rows[0], rows[1], [1], [1, "1"], ["1"], [])], 1 / 6))
    assert list(found.values()) == sorted(found.values(), key=lambda s: -s)[: len(found)] or len(found) > 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([["a"]], 0), r"`min_support` must be .* received 0"),
        (([["a"]], 1.5), r"`min_support` must be .* received 1.5"),
        (([["a"]], 0.5, 0), r"`max_len` must be .* received 0"),
        (([], 0.5), r"`transactions` must .* received none"),
        ((["abc"], 0.5), r"`transactions` must .* received the transaction 'abc'"),
        (([3], 0.5), r"`transactions` must .* received the transaction 3"),
        ((7, 0.5), r"`transactions` must .* received int"),
        (([[["a"]]], 0.5), r"`transactions` must hold hashable items; received"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        apriori(*arguments)


def test_bad_rules_are_named():
    sets = apriori([["a", "b"]], 0.5)
    for options in ({"min_confidence": 2}, {"min_lift": -1}, {"max_consequent": 0}):
        with pytest.raises(ValueError, match=r"`m.*` must .*received"):
            association_rules(sets, **options)
    with pytest.raises(ValueError, match=r"`sets` must be what `apriori` returned; received dict"):
        association_rules({})


def test_equal_to_peers():
    efficient = pytest.importorskip("efficient_apriori")
    for rows, support in many():
        sets = apriori(rows, support)
        theirs, rules = efficient.apriori([tuple(row) for row in rows], support, 0.6, max_length=20)
        assert sets.counts == {frozenset(items): n for level in theirs.values() for items, n in level.items()}
        expected = {(frozenset(r.lhs), frozenset(r.rhs)): (r.lift, r.conviction) for r in rules}
        got = {(r.antecedent, r.consequent): (r.lift, min(r.conviction, 1e9)) for r in association_rules(sets, 0.6)}
        assert got.keys() == expected.keys()
        for key, (lift, conviction) in got.items():
            assert lift == pytest.approx(expected[key][0])
            assert conviction >= 1e9 or conviction == pytest.approx(expected[key][1], rel=1e-3)


def test_data_frames_equal_to_mlxtend():
    pandas = pytest.importorskip("pandas")
    mlxtend = pytest.importorskip("mlxtend.frequent_patterns")
    values = np.random.default_rng(2).random((300, 9)) < np.linspace(0.1, 0.6, 9)
    frame = pandas.DataFrame(values, columns=list("abcdefghi"))
    theirs = mlxtend.apriori(frame, min_support=0.05, use_colnames=True)
    ours = apriori(frame, 0.05).to_frame()
    assert dict(zip(ours["itemsets"], ours["support"], strict=True)) == pytest.approx(
        dict(zip(theirs["itemsets"], theirs["support"], strict=True))
    )
    theirs = mlxtend.association_rules(theirs, metric="confidence", min_threshold=0.5)
    rules = association_rules(apriori(frame, 0.05), 0.5).to_frame()
    columns = ["support", "confidence", "lift", "leverage", "conviction", "zhang", "jaccard", "kulczynski"]
    keys = ("antecedents", "consequents"), ("antecedent", "consequent")
    expected, got = (
        {(row[a], row[b]): [row.get(c, row.get(f"{c}s_metric")) for c in columns] for _, row in table.iterrows()}
        for table, (a, b) in zip((theirs, rules), keys, strict=True)
    )
    assert expected.keys() == got.keys()
    for key, row in got.items():
        np.testing.assert_allclose(row, expected[key], rtol=1e-9, atol=1e-12)
    with pytest.raises(ValueError, match=r"`transactions` as a data frame must hold only True and False"):
        apriori(pandas.DataFrame({"a": [0, 2]}), 0.5)


def test_debian_depends_on_itself():
    try:
        packages, dependencies = debian.load_dependencies()
    except RuntimeError as error:
        pytest.skip(str(error))
    assert len(packages) == len(dependencies)
    sets = apriori(dependencies, 0.01, max_len=2)
    rules = {rule[:2]: rule.confidence for rule in association_rules(sets, 0.3)}
    assert sets.total == len(packages)
    assert all(0.3 <= confidence <= 1 for confidence in rules.values())
