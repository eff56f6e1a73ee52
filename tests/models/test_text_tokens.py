"""Offsets are into the text as it is, whatever Unicode does."""

import itertools
import random
import unicodedata

import pytest

from keras_blog.models.text_tokens import folded, tokens


def pieces(text):
    return [text[start:end] for _, start, end in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 3.5 km_h", ["It", "'", "s", "3", ".", "5", "km", "_", "h"]),
        ("Straße in İzmir", ["Straße", "in", "İzmir"]),
        ("cafe\u0301s café", ["cafe\u0301s", "café"]),
        ("在New York城", ["在", "New", "York", "城"]),
        ("Ｊａｖａ は島", ["Ｊａｖａ", "は", "島"]),
        ("go 👨‍👩‍👧‍👦!", ["go", "👨‍👩‍👧‍👦", "!"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("🇩🇪🇫🇷🇮", ["🇩🇪", "🇫🇷", "🇮"]),
        ("한국 \u1112\u1161\u11ab", ["한국", "\u1112\u1161\u11ab"]),
        ("नमस्ते", ["नमस्ते"]),
        ("\u0301x", ["\u0301", "x"]),
        ("a\u0000b\u00adc", ["a", "\u0000", "b", "\u00ad", "c"]),
        (" \n\u3000", []),
        ("", []),
    ],
)
def test_tokens(text, expected):
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "pair",
    [
        ("STRASSE", "straße"),
        ("CAFÉ", "cafe\u0301"),
        ("Ｊａｖａ", "java"),
        ("ΣΑΣ", "σας"),
        ("\u1112\u1161\u11ab", "한"),
        ("ﬁre", "FIRE"),
    ],
)
def test_keys_are_equal_without_regard_to_case_width_and_composition(pair):
    assert folded(pair[0]) == folded(pair[1])
    assert [key for key, *_ in tokens(pair[0])] == [key for key, *_ in tokens(pair[1])]


def test_the_short_way_for_ascii_is_the_long_one():
    text = "".join(map(chr, range(128))) + " Ab12 cD_e"
    assert tokens(text + " é")[:-1] == tokens(text)


def test_fuzz_tokens_are_in_order_and_cover_all_but_space():
    rng = random.Random(0)
    some = "aZß İıée\u0301\u0345\u200d\ufe0f👍🏽🇩🇪👨한\u1112\u1161\u11ab江は𠮷\U000e0067ﬁ½́ \t\n\u3000'_-\x00\ud800"
    for _ in range(2000):
        text = "".join(
            rng.choice(some) if rng.random() < 0.9 else chr(rng.randrange(0x110000)) for _ in range(rng.randrange(12))
        )
        found = tokens(text)
        assert all(start < end for _, start, end in found)
        assert all(left.end <= right.start for left, right in itertools.pairwise(found))
        covered = "".join(text[start:end] for _, start, end in found)
        assert [c for c in covered if not c.isspace()] == [c for c in text if not c.isspace()]
        assert all(key == folded(text[start:end]) for key, start, end in found)
        for _, start, _ in found:  # no mark is torn off its letter
            assert not start or text[start - 1].isspace() or not unicodedata.category(text[start]).startswith("M")


def test_what_is_no_text():
    with pytest.raises(ValueError, match="`text` must be a string; received bytes"):
        tokens(b"a")
