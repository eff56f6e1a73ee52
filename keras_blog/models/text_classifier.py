"""A linear text classifier on words, for one label a text or many, with its vocabulary in one file."""

import itertools
import math
import re
from collections import Counter

import keras
import numpy as np
from keras import ops

from keras_blog.layers import LabelThreshold
from keras_blog.models.vocabulary import distinct
from keras_blog.ops import multilabel

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")  # Chinese characters are words each


@keras.saving.register_keras_serializable("keras_blog")
class TextClassifier(keras.Model):
    """Scores the labels of a text from the words in it, and pairs of neighbouring words, rare ones weighing more (TF-IDF).

    The strong baseline of text classification; in Keras, so that every loss here can train it.

        classifier = TextClassifier(TextClassifier.terms_of(texts), label_names, many=True)
        classifier.compile("adam", loss=losses.MultilabelSoftmax())
        classifier.fit(classifier.encode(texts), classifier.encode_labels(label_lists), epochs=10)
        classifier.classify(["a text"])  # [['label', ...]]

    Args:
        terms: a dict from term to weight, as `terms_of` makes it; every other term is left out.
        label_names: the labels in the order of their scores, distinct strings.
        many: whether a text has any number of labels, or else exactly one.

    Call arguments:
        inputs: ids and weights of terms, float32, shape `(batch, length, 2)`, as `encode` makes them.

    Returns:
        Scores in nats, shape `(batch, labels)`. With `many`, a threshold a label is learned, and 0 decides;
        without, there is no bias: class frequencies are `layers.PriorBias`'s, or the loss's, business.

    Raises:
        ValueError: if there are no terms or labels, or too many terms.

    References:
        Articles: kexue.fm 7359, 7615
    """

    def __init__(self, terms, label_names, many=False, **kwargs):
        super().__init__(**kwargs)
        if not terms or len(terms) >= 2**24:  # float32 holds ids up to there
            raise ValueError(f"`terms` must be a dict of 1 to 2**24 - 1 terms; received {len(terms)}")
        self.terms, self.label_names, self.many = dict(terms), distinct("label_names", label_names), many
        self.vectors = keras.layers.Embedding(len(self.terms) + 1, len(self.label_names), "zeros", name="vectors")
        self.threshold = LabelThreshold(per_label=True, name="threshold") if many else None
        self._ids = {term: i for i, term in enumerate(self.terms, start=1)}
        self._label_ids = {label: i for i, label in enumerate(self.label_names)}

    @staticmethod
    def terms_of(texts, pairs=True, min_count=2, most=100_000):
        """Words, and pairs of them, in at least `min_count` texts, the most frequent first, with weights 1 + log(n / count)."""
        counts = Counter(term for text in texts for term in dict.fromkeys(_terms(text)) if pairs or " " not in term)
        kept = [(term, count) for term, count in counts.most_common(most) if count >= min_count]
        return {term: round(1 + math.log(len(texts) / count), 4) for term, count in kept}

    def call(self, inputs):
        vectors = self.vectors(ops.cast(inputs[..., 0], "int32"))  # (b, t, k)
        scores = ops.sum(vectors * inputs[..., 1:], axis=1)
        return self.threshold(scores) if self.many else scores

    def encode(self, texts, length=512):
        """Ids and weights of the terms of texts, float32 `(texts, length, 2)`: at most the `length` heaviest, then zeros.

        The squares of a text's weights sum to 1.
        """
        rows = [self._row(text, length) for text in texts]
        width = max((len(row) for row in rows), default=0)
        width = min(length, -(-max(width, 1) // 64) * 64)  # few shapes for a compiled model
        out = np.zeros((len(rows), width, 2), "float32")
        for i, row in enumerate(rows):
            if row:
                out[i, : len(row)] = row
        return out

    def encode_labels(self, labels):
        """Ids of labels, or rows of 0 and 1 for lists of labels with `many`."""
        unknown = sorted({label for row in labels for label in (row if self.many else [row])} - self._label_ids.keys())
        if unknown:
            raise ValueError(f"`labels` must be among the {len(self.label_names)} names; received {unknown[:5]}")
        if not self.many:
            return np.array([self._label_ids[label] for label in labels], "int32")
        out = np.zeros((len(labels), len(self.label_names)), "float32")
        for i, row in enumerate(labels):
            out[i, [self._label_ids[label] for label in row]] = 1
        return out

    def classify(self, texts, batch_size=256):
        """Labels of raw texts: a list of names, or a list of lists, best first, with `many`."""
        if not texts:
            return []
        scores = self.predict(self.encode(texts), batch_size=batch_size, verbose=0)
        if not self.many:
            return [self.label_names[i] for i in scores.argmax(-1)]
        found = ops.convert_to_numpy(multilabel.decide(scores))
        order = np.argsort(-scores, axis=-1)
        return [[self.label_names[i] for i in row if found[n, i]] for n, row in enumerate(order)]

    def get_config(self):
        return {**super().get_config(), "terms": self.terms, "label_names": self.label_names, "many": self.many}

    def _row(self, text, length):
        counts = Counter(term for term in _terms(text) if term in self._ids)
        row = [(self._ids[term], (1 + math.log(count)) * self.terms[term]) for term, count in counts.items()]
        row = sorted(row, key=lambda pair: (-pair[1], pair[0]))[:length]
        norm = math.sqrt(sum(weight * weight for _, weight in row))
        return [(term, weight / norm) for term, weight in row]


def _terms(text):
    words = _WORD.findall(text.lower())
    return words + [f"{left} {right}" for left, right in itertools.pairwise(words)]
