"""Tokens and their ids, for every model here that reads texts."""

from collections import Counter

import numpy as np

PADDING, UNKNOWN = 0, 1  # ids; the tokens follow


class Vocabulary:
    """The ids of tokens: 0 is padding, 1 a token that is not known, the known ones follow in order.

    Args:
        tokens: distinct strings, at least one: characters, or words.
    """

    def __init__(self, tokens):
        self._ids = {token: i for i, token in enumerate(distinct("vocabulary", tokens), start=UNKNOWN + 1)}

    def __len__(self):
        return len(self._ids) + UNKNOWN + 1

    def ids(self, text):
        """The ids of a text's tokens, a list."""
        return [self._ids.get(token, UNKNOWN) for token in text]

    def encode(self, texts, width, most=None):
        """Ids of texts, each a string (its characters are the tokens) or a list of tokens, as `padded` makes them.

        Raises:
            ValueError: if a text is neither.
        """
        check_texts(texts)
        return padded([self.ids(text[:most]) for text in texts], width)


def vocabulary_of(texts, min_count=2):
    """Tokens that occur at least `min_count` times, most frequent first, ties in the order of the texts."""
    counts = Counter(token for text in texts for token in text)
    return [token for token, count in counts.most_common() if count >= min_count]


def distinct(name, values):
    """`values` as a list, if it holds distinct strings, at least one."""
    values = list(values)
    if not values or not all(isinstance(value, str) for value in values) or len(set(values)) != len(values):
        raise ValueError(f"`{name}` must be distinct strings, at least one; received {len(values)} values")
    return values


def check_texts(texts):
    """Refuse what is neither a string nor a list of tokens."""
    for i, text in enumerate(texts):
        if not isinstance(text, (str, list, tuple)):
            raise ValueError(f"`texts` must hold strings or lists of tokens; received {type(text).__name__} at index {i}")


def padded(rows, width, value=PADDING):
    """Rows of ints as int32 `(rows, width(longest))`, each followed by `value`."""
    out = np.full((len(rows), width(max(map(len, rows), default=0))), value, "int32")
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


def multiple(of):
    """A width: the next multiple, so that a compiled model meets few of them."""
    return lambda longest: -(-max(longest, 1) // of) * of


def quarters(longest, least=16):
    """A width: at least 8 or 16, a multiple of 4, and one of four in an octave, so that a compiled model meets few of them."""
    longest = max(longest, least)
    quarter = max(4, 1 << (longest - 1).bit_length() - 3)
    return -(-longest // quarter) * quarter


def of_similar_length(texts, batch_size):
    """Lists of indices of texts, shortest first, `batch_size` at a time."""
    check_texts(texts)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
