"""Entities by their names: which ones a text may speak of, and where."""

import re

import numpy as np

from keras_blog.datasets.entities import checked
from keras_blog.models.text_tokens import tokens
from keras_blog.ops.prior import log_prior

_UNSEARCHABLE = re.compile("[\0\ud800-\udfff]")  # the separator, and halves of characters, which have no bytes


class KnowledgeBase:
    """Entities, their names, and the search for all names in a text at once.

    The search is that of Aho and Corasick, of the library `ahocorasick-rs`: its time grows with the text, not with the number
    of names. Names match whole tokens, see `models.text_tokens`.

    Args:
        entities: dicts with `id`, `names` (strings, or a dict from name to count) and `description`; see `datasets.entities`.

    Raises:
        ValueError: if there is none, one is none, or an id comes twice.
        ImportError: if the library is not installed: `pip install 'keras-blog[linking]'`.
    """

    def __init__(self, entities):
        try:
            from ahocorasick_rs import AhoCorasick
        except ImportError:
            raise ImportError("the search for names needs ahocorasick-rs: pip install 'keras-blog[linking]'") from None
        self.entities, self.rows = [], {}
        for i, entity in enumerate(entities):
            try:
                if not isinstance(entity, dict):
                    raise ValueError(f"expected a dict; received {type(entity).__name__}")
                entity = checked(entity)
            except ValueError as error:
                raise ValueError(f"`entities` must be such as `datasets.entities` reads; at index {i}: {error}") from None
            if entity["id"] in self.rows:
                raise ValueError(f"`entities` must have distinct ids; received {entity['id']!r} at index {i} again")
            self.rows[entity["id"]] = i
            self.entities.append(entity)
        if not self.entities:
            raise ValueError("`entities` must hold at least one; received none")
        names = {}
        for row, entity in enumerate(self.entities):
            for name, count in entity["names"].items():
                counts = names.setdefault(_key(name), {})
                counts[row] = counts.get(row, 0.0) + count
        names.pop(_key(""), None)
        self._names = {key: _ranked(counts) for key, counts in names.items()}
        self._keys = list(self._names)
        self._search = AhoCorasick(self._keys)

    def __len__(self):
        return len(self.entities)

    def candidates(self, text):
        """Rows of the entities of that name, likeliest first, and the logarithms of their shares, NumPy; none: empty."""
        return self._names.get(_key(text), (np.zeros(0, "int32"), np.zeros(0, "float32")))

    def matches(self, found):
        """All names in tokens that `tokens` found: `(first, last + 1)` in tokens, sorted; they may overlap and nest."""
        joined = _joined(token.key for token in found)
        place, at = {}, 0
        for i, token in enumerate(found):
            place[at] = i
            at += len(token.key) + 1
        place[at] = len(found)
        # A name begins and ends with the separator that it shares with its neighbours.
        hits = self._search.find_matches_as_indexes(joined, overlapping=True)
        return sorted((place[start], place[end - 1]) for _, start, end in hits)


def longest(spans):
    """Of spans those of maximum matching: from the left, the longest that begins where the last has ended, or later."""
    kept = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _joined(keys):
    return "\0" + "".join(f"{_UNSEARCHABLE.sub(' ', key)}\0" for key in keys)


def _key(name):
    return _joined(token.key for token in tokens(name))


def _ranked(counts):
    rows = np.array(list(counts), "int32")
    counts = np.array(list(counts.values()))
    shares = log_prior(counts) if counts.any() else np.full(len(rows), -np.log(len(rows)))
    order = np.argsort(-shares, kind="stable")
    return rows[order], shares[order].astype("float32")
