"""Tag schemes against seqeval, and against the spans that they are there to write."""

import itertools

import numpy as np
import pytest
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, IOBES, Entities

from keras_blog.ops import tag_scheme
from keras_blog.ops.crf import allowed_transitions
from keras_blog.ops.tag_scheme import spans

LETTERS = {"BIO": "BI", "BIOES": "BIES", "BMES": "BMES"}
SEQEVAL = {"BIO": IOB2, "BIOES": IOBES, "BMES": IOBES}


def tags_of(scheme):
    return ["O", *(f"{letter}-{kind}" for kind in ("LOC", "PER") for letter in LETTERS[scheme])]


def seqeval_spans(tags, scheme):
    tags = [tag.replace("M-", "I-") for tag in tags] if scheme == "BMES" else tags
    [entities] = Entities([list(tags)], SEQEVAL[scheme]).entities
    return [(entity.start, entity.end, entity.tag) for entity in entities]


@pytest.mark.parametrize("scheme", tag_scheme.SCHEMES)
def test_spans_equal_seqeval(scheme):
    names, rng = tags_of(scheme), np.random.default_rng(0)
    for _ in range(500):
        tags = list(rng.choice(names, rng.integers(0, 12)))
        assert spans(tags, scheme) == seqeval_spans(tags, scheme)
    assert spans([], scheme) == []


@pytest.mark.parametrize("scheme", tag_scheme.SCHEMES)
def test_allowed_is_what_writes_nothing_but_spans(scheme):
    """A path is allowed exactly if each of its tags is O or lies in a span."""
    names = tags_of(scheme)
    transitions, start, end = allowed_transitions(names, scheme)
    for length in (1, 2, 3):
        for path in itertools.product(range(len(names)), repeat=length):
            allowed = start[path[0]] and end[path[-1]] and all(transitions[pair] for pair in itertools.pairwise(path))
            covered = sum(stop - first for first, stop, _ in spans([names[tag] for tag in path], scheme))
            assert allowed == (covered == sum(names[tag] != "O" for tag in path))


def test_bmes_without_types_is_word_segmentation():
    transitions, start, end = allowed_transitions("BMES", "BMES")
    assert transitions.astype(int).tolist() == [[0, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1]]
    assert start.astype(int).tolist() == [1, 0, 0, 1]
    assert end.astype(int).tolist() == [0, 0, 1, 1]
    assert spans("BMESSBE", "BMES") == [(0, 3, ""), (3, 4, ""), (4, 5, ""), (5, 7, "")]


def test_types_may_hold_hyphens():
    assert spans(["B-a-b", "I-a-b", "I-a"], "BIO") == [(0, 2, "a-b")]


def test_lenient_seqeval_differs():
    """By default seqeval takes a span that starts in its middle; here, as in its strict mode, that is none."""
    assert get_entities(["I-PER"]) == [("PER", 0, 0)]
    assert spans(["I-PER"], "BIO") == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: allowed_transitions(["O"], "IOB1"), r"`scheme` must be one of BIO, BIOES, BMES; received 'IOB1'"),
        (lambda: allowed_transitions([], "BIO"), r"`tag_names` must name at least one tag; received none"),
        (lambda: allowed_transitions(["E-PER"], "BIO"), r"tag 'E-PER' is not of scheme BIO: expected 'O', or one of B, I"),
        (lambda: spans(["PER"], "BIOES"), r"tag 'PER' is not of scheme BIOES"),
        (lambda: spans([""], "BIO"), r"tag '' is not of scheme BIO"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
