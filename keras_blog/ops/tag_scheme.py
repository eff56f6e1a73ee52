"""Which tag may follow which, in the schemes that write spans as tags."""

from typing import NamedTuple

import numpy as np

# Per scheme, the letters that end a span here or continue it: a span is one of these letter sequences.
_BEGINS = {"BIO": "B", "BIOES": "BS", "BMES": "BS"}
_INSIDE = {"BIO": "I", "BIOES": "IE", "BMES": "ME"}
_OPEN = {"BIO": "", "BIOES": "BI", "BMES": "BM"}  # letters after which the span must go on
_CLOSED = {"BIO": "BI", "BIOES": "ES", "BMES": "ES"}  # letters after which it may end
SCHEMES = tuple(_BEGINS)


class AllowedTransitions(NamedTuple):
    """Boolean arrays: `transitions[i, j]`, tag j may follow tag i, `(tags, tags)`; tags that may start and end, `(tags,)`."""

    transitions: np.ndarray
    start: np.ndarray
    end: np.ndarray


def allowed_transitions(tag_names, scheme):
    """What a tag scheme allows, for `layers.CRF(allowed=...)`.

    Args:
        tag_names: the tags in the order of their ids: `"O"`, or a letter of the scheme, alone or with a type: `"B"`, `"B-PER"`.
        scheme: `"BIO"`, `"BIOES"` or `"BMES"`.

    Returns:
        `AllowedTransitions(transitions, start, end)`.

    Raises:
        ValueError: if the scheme is not known, or a tag does not belong to it.

    Example:
    >>> allowed = allowed_transitions(["O", "B-PER", "I-PER"], "BIO")
    >>> allowed.transitions.astype(int).tolist()  # I-PER does not follow O
    [[1, 1, 0], [1, 1, 1], [1, 1, 1]]
    >>> allowed.start.astype(int).tolist()
    [1, 1, 0]
    """
    parts = [split_tag(name, scheme) for name in tag_names]
    if not parts:
        raise ValueError("`tag_names` must name at least one tag; received none")

    def may_follow(before, after):
        (left, left_type), (right, right_type) = before, after
        if right in _INSIDE[scheme]:
            going_on = left in (_OPEN[scheme] or "BI")
            return going_on and left_type == right_type
        return left == "O" or left in _CLOSED[scheme]

    transitions = np.array([[may_follow(before, after) for after in parts] for before in parts])
    start = np.array([letter == "O" or letter in _BEGINS[scheme] for letter, _ in parts])
    end = np.array([letter == "O" or letter in _CLOSED[scheme] for letter, _ in parts])
    return AllowedTransitions(transitions, start, end)


def split_tag(name, scheme):
    """`("B", "PER")` of `"B-PER"`; the type is `""` where there is none."""
    if scheme not in SCHEMES:
        raise ValueError(f"`scheme` must be one of {', '.join(SCHEMES)}; received {scheme!r}")
    letter, _, kind = name.partition("-")
    letters = _BEGINS[scheme] + _INSIDE[scheme]
    if name != "O" and (len(letter) != 1 or letter not in letters):
        raise ValueError(f"tag {name!r} is not of scheme {scheme}: expected 'O', or one of {', '.join(letters)}, as in 'B-PER'")
    return letter, kind


def spans(tags, scheme):
    """Well-formed spans of a list of tag names: `[(start, end, type), ...]`, `end` exclusive.

    Strict: what the scheme does not allow, a span that never closes or starts in its middle, is no span. In BIO, whose spans
    close by themselves, an `I` that continues nothing is no span either.

    Example:
    >>> spans(["B-PER", "E-PER", "O", "M-LOC", "S-LOC"], "BMES")
    [(0, 2, 'PER'), (4, 5, 'LOC')]
    """
    found, start, kind = [], None, None
    for i, (letter, this) in enumerate([*(split_tag(tag, scheme) for tag in tags), ("O", "")]):
        goes_on = letter in _INSIDE[scheme] and start is not None and this == kind
        if start is not None and not goes_on:
            if scheme == "BIO":
                found.append((start, i, kind))
            start = None
        if letter in _BEGINS[scheme]:
            start, kind = i, this
        if letter == "S" or (letter == "E" and goes_on):
            found.append((start, i + 1, kind))
            start = None
    return found
