"""Which tag may follow which, in the schemes that write spans as tags."""

from typing import NamedTuple

import numpy as np


class BoundaryLetters(NamedTuple):
    """The letters of a scheme that begin a span, continue it, leave it open, and may be its last."""

    begins: str
    inside: str
    open: str
    closed: str


_LETTERS = {
    "BIO": BoundaryLetters("B", "I", "BI", "BI"),
    "BIOES": BoundaryLetters("BS", "IE", "BI", "ES"),
    "BMES": BoundaryLetters("BS", "ME", "BM", "ES"),
}
SCHEMES = tuple(_LETTERS)


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

    letters = boundary_letters(scheme)

    def may_follow(before, after):
        (left, left_type), (right, right_type) = before, after
        if right in letters.inside:
            return left in letters.open and left_type == right_type
        return left == "O" or left in letters.closed

    transitions = np.array([[may_follow(before, after) for after in parts] for before in parts])
    start = np.array([letter == "O" or letter in letters.begins for letter, _ in parts])
    end = np.array([letter == "O" or letter in letters.closed for letter, _ in parts])
    return AllowedTransitions(transitions, start, end)


def boundary_letters(scheme):
    """`BoundaryLetters` of `"BIO"`, `"BIOES"` or `"BMES"`."""
    if scheme not in SCHEMES:
        raise ValueError(f"`scheme` must be one of {', '.join(SCHEMES)}; received {scheme!r}")
    return _LETTERS[scheme]


def split_tag(name, scheme):
    """`("B", "PER")` of `"B-PER"`; the type is `""` where there is none."""
    letters = boundary_letters(scheme)
    letter, _, kind = name.partition("-")
    known = letters.begins + letters.inside
    if name != "O" and (len(letter) != 1 or letter not in known):
        raise ValueError(f"tag {name!r} is not of scheme {scheme}: expected 'O', or one of {', '.join(known)}, as in 'B-PER'")
    return letter, kind


def spans(tags, scheme):
    """Well-formed spans of a list of tag names: `[(start, end, type), ...]`, `end` exclusive.

    Strict: what the scheme does not allow is no span, as one that starts in its middle or never ends.

    Example:
    >>> spans(["B-PER", "E-PER", "O", "M-LOC", "S-LOC"], "BMES")
    [(0, 2, 'PER'), (4, 5, 'LOC')]
    """
    letters = boundary_letters(scheme)
    found, start, last = [], None, ("O", "")
    for i, this in enumerate([*(split_tag(tag, scheme) for tag in tags), ("O", "")]):
        linked = last[0] in letters.open and this[0] in letters.inside and last[1] == this[1]
        if not linked:
            if start is not None and last[0] in letters.closed:
                found.append((start, i, last[1]))
            start = i if this[0] in letters.begins else None
        last = this
    return found
