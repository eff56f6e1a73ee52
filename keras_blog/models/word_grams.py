"""Words as ids: each with those of its letter trigrams, so that a word never seen still looks like something."""

import re
import zlib

import keras

from keras_blog.models.vocabulary import Vocabulary, vocabulary_of

SEPARATOR = "[SEP]"
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+|[^\w\s]|_")  # Chinese characters are words each


@keras.saving.register_keras_serializable("keras_blog")
class WordGrams:
    """Cuts a text into words, numbers and signs; a word is a row of ids: its own, its shape's, and its trigrams'.

    Args:
        vocabulary: the words that have an id of their own, in lower case; `words_of` finds them.
        buckets: ids that trigrams and shapes share by their hash; they follow those of the words.
        most: trigrams of a word; those behind are left out.
    """

    def __init__(self, vocabulary, buckets=8192, most=10):
        self.vocabulary, self.buckets, self.most = list(vocabulary), buckets, most
        self._words = Vocabulary([SEPARATOR, *self.vocabulary])
        self.width, self._rows = most + 2, {}
        self.separator = [*self._words.ids([SEPARATOR]), *[0] * (self.width - 1)]
        self.start = self.separator

    @property
    def size(self):
        """Number of ids."""
        return len(self._words) + self.buckets

    @staticmethod
    def words_of(texts, min_count=2):
        """Words in lower case that occur at least `min_count` times."""
        return vocabulary_of([_WORD.findall(text.casefold()) for text in texts], min_count)

    def encode(self, text):
        """`(rows, offsets)`: a list of `width` ids for each word, 0 where it has fewer, and its `(start, end)` in the text."""
        found = list(_WORD.finditer(text))
        return [self._row(match[0]) for match in found], [match.span() for match in found]

    def get_config(self):
        """The arguments."""
        return {"vocabulary": self.vocabulary, "buckets": self.buckets, "most": self.most}

    @classmethod
    def from_config(cls, config):
        """One of the same arguments."""
        return cls(**config)

    def _row(self, word):
        row = self._rows.get(word)
        if row is None:
            low = f"<{word.casefold()}>"
            grams = ["^" + shape(word), *(low[i : i + 3] for i in range(min(len(low) - 2, self.most)))]
            first = len(self._words)
            row = [*self._words.ids([low[1:-1]]), *(first + zlib.crc32(gram.encode()) % self.buckets for gram in grams)]
            self._rows[word] = row = row + [0] * (self.width - len(row))
        return row


def shape(word):
    """Kinds of characters, runs cut to two: `"Xx"` of "Anna", `"dd"` of "1999"."""
    kinds = ["d" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c for c in word]
    return "".join(kind for i, kind in enumerate(kinds) if i < 2 or kinds[i - 2 : i] != [kind, kind])[:8]
