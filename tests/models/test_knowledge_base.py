import sys

import numpy as np
import pytest

from keras_blog.models.knowledge_base import KnowledgeBase, longest
from keras_blog.models.text_tokens import tokens


def entity(number, names, description="something"):
    return {"id": number, "names": names, "description": description}


CITIES = KnowledgeBase(
    [
        entity("NY", {"New York": 3, "New York City": 1, "NYC": 0}),
        entity("York", ["York"]),
        entity("NY state", {"new  york": 1}),
        entity("flag", ["🇩🇪", "Straße"]),
    ]
)


def matches(text):
    found = tokens(text)
    return [text[found[a].start : found[b - 1].end] for a, b in CITIES.matches(found)]


def test_all_names_are_found_nested_and_overlapping():
    assert matches("In NEW YORK city, near Yorkshire") == ["NEW YORK", "NEW YORK city", "YORK"]
    assert matches("🇩🇪 STRASSE🇫🇷 newyork") == ["🇩🇪", "STRASSE"]
    assert matches("") == []


def test_matches_equal_those_of_a_search_at_every_place():
    rng = np.random.default_rng(0)
    names = {" ".join(rng.choice(list("abc"), rng.integers(1, 4))) for _ in range(12)}
    base = KnowledgeBase([entity("all", sorted(names))])
    for _ in range(50):
        words = rng.choice(list("abcd"), rng.integers(0, 10)).tolist()
        slow = [(a, b) for a in range(len(words)) for b in range(a + 1, len(words) + 1) if " ".join(words[a:b]) in names]
        assert base.matches(tokens(" ".join(words))) == slow


def test_maximum_matching():
    assert longest([(0, 2), (0, 3), (2, 5), (3, 4), (6, 7)]) == [(0, 3), (3, 4), (6, 7)]


def test_candidates_come_with_their_shares_likeliest_first():
    rows, shares = CITIES.candidates("new york")
    assert [CITIES.entities[row]["id"] for row in rows] == ["NY", "NY state"]
    np.testing.assert_allclose(np.exp(shares), [0.75, 0.25], rtol=1e-6)
    base = KnowledgeBase([entity("a", {"x": 0}), entity("b", ["X"]), entity("c", {"y": 2, "Y": 1}), entity("d", {"y": 1})])
    np.testing.assert_allclose(np.exp(base.candidates("x")[1]), [0.5, 0.5], rtol=1e-6)
    np.testing.assert_allclose(np.exp(base.candidates("ｙ")[1]), [0.75, 0.25], rtol=1e-6)
    assert [len(part) for part in base.candidates("nobody")] == [0, 0]
    assert [len(part) for part in base.candidates(" ")] == [0, 0]


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ([], "`entities` must hold at least one; received none"),
        ([7], "`entities` must be such as .* at index 0: expected a dict; received int"),
        ([entity("a", [])], "at index 0: no `names`"),
        ([entity("a", ["x"]), entity("a", ["y"])], "`entities` must have distinct ids; received 'a' at index 1 again"),
    ],
)
def test_errors(entities, message):
    with pytest.raises(ValueError, match=message):
        KnowledgeBase(entities)


def test_without_the_library_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ahocorasick_rs", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-blog\[linking\]'"):
        KnowledgeBase([entity("a", ["x"])])
