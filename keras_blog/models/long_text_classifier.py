"""A classifier of long texts, with its vocabulary and class names in one file."""

from collections import Counter

import keras
import numpy as np
from keras import ops

from keras_blog.models.sparse_transformer import sparse_transformer

_PADDING, _UNKNOWN = 0, 1  # ids; the characters of the vocabulary follow


@keras.saving.register_keras_serializable("keras_blog")
class LongTextClassifier(keras.Model):
    """Local and atrous attention by turns over all characters of a text, mean and maximum over the steps, a softmax.

        model = LongTextClassifier(LongTextClassifier.vocabulary_of(texts), ["good", "bad"], max_steps=4096)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(TextBatches(model, texts, labels), epochs=3)
        model.classify(["很好"])  # ["good"]

    Args:
        vocabulary: the characters that have an embedding, without duplicates; every other one is unknown.
        classes: their names, in the order of their ids.
        max_steps: characters of a text that are read.
        encoder: any Keras model or layer from int ids `(batch, steps)`, 0 at padding, 1 unknown, to features
            `(batch, steps, dim)`; `sparse_transformer(len(vocabulary) + 2)` by default.

    Call arguments:
        inputs: int ids, shape `(batch, steps)`, as `encode` makes them.

    Returns:
        Logits, shape `(batch, classes)`.

    References:
        Article: kexue.fm 6853
    """

    def __init__(self, vocabulary, classes, max_steps=1024, encoder=None, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary, self.classes, self.max_steps = list(vocabulary), list(classes), max_steps
        for name, values in (("vocabulary", self.vocabulary), ("classes", self.classes)):
            if not values or len(set(values)) != len(values) or not all(isinstance(value, str) for value in values):
                raise ValueError(f"`{name}` must be distinct strings, at least one; received {len(values)} values")
        if not isinstance(max_steps, int) or max_steps < 1:
            raise ValueError(f"`max_steps` must be a positive int; received {max_steps!r}")
        self.encoder = sparse_transformer(len(self.vocabulary) + 2) if encoder is None else encoder
        self.scores = keras.layers.Dense(len(self.classes), name="scores")
        self._ids = {character: i for i, character in enumerate(self.vocabulary, start=_UNKNOWN + 1)}

    @staticmethod
    def vocabulary_of(texts, min_count=2):
        """Characters that occur at least `min_count` times, most frequent first."""
        counts = Counter(character for text in texts for character in text)
        return [character for character, count in counts.most_common() if count >= min_count]

    def call(self, inputs, training=None):
        features = self.encoder(inputs, training=training)
        real = ops.cast(ops.not_equal(inputs, _PADDING), features.dtype)[..., None]
        steps = ops.maximum(ops.sum(real, axis=1), 1)
        highest = ops.max(features * real - 1e4 * (1 - real), axis=1)
        return self.scores(ops.concatenate([ops.sum(features * real, axis=1) / steps, highest], axis=-1))

    def encode(self, texts):
        """Int ids of strings, cut at `max_steps`, zeros up to a common length of few different ones: 4 sizes an octave."""
        rows = [[self._ids.get(character, _UNKNOWN) for character in text[: self.max_steps]] for text in texts]
        longest = max([16, *map(len, rows)])
        quarter = 1 << (longest - 1).bit_length() - 3
        out = np.full((len(rows), -(-longest // quarter) * quarter), _PADDING, "int32")
        for i, row in enumerate(rows):
            out[i, : len(row)] = row
        return out

    def classify(self, texts, batch_size=16):
        """Class names of texts."""
        names = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(texts), batch_size):
            some = order[start : start + batch_size]
            for i, row in zip(some, self.predict_on_batch(self.encode([texts[i] for i in some])), strict=True):
                names[i] = self.classes[int(np.argmax(row))]
        return names

    def get_config(self):
        own = {"vocabulary": self.vocabulary, "classes": self.classes, "max_steps": self.max_steps}
        return {**super().get_config(), **own, "encoder": keras.saving.serialize_keras_object(self.encoder)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "encoder": keras.saving.deserialize_keras_object(config["encoder"])})


class TextBatches(keras.utils.PyDataset):
    """Batches of `(ids, class ids)` for `LongTextClassifier.fit`: texts of similar length together, in random order.

    The order is drawn from NumPy's global generator at the start of each epoch, which `callbacks.ExactResume` saves.

    Args:
        model: a `LongTextClassifier`.
        texts: strings.
        labels: int ids of classes, one a text.
        batch_size: texts in a batch.
        shuffle: whether to draw an order; else shortest first.

    Raises:
        ValueError: if there are not as many labels as texts.
    """

    def __init__(self, model, texts, labels, batch_size=16, shuffle=True):
        super().__init__()
        if len(texts) != len(labels):
            raise ValueError(f"`labels` must be one a text; received {len(labels)} for {len(texts)} texts")
        self.model, self.texts, self.labels = model, texts, labels
        self.batch_size, self.shuffle = batch_size, shuffle
        self._by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        # The longest first, the shortest second: from these two TensorFlow learns, when `fit` starts, that lengths differ; and
        # what does not fit into memory shows at once.
        self._order = np.roll(np.arange(len(self)), 1)

    def __len__(self):
        return -(-len(self.texts) // self.batch_size)

    def __getitem__(self, index):
        start = self._order[index] * self.batch_size
        some = self._by_length[start : start + self.batch_size]
        return self.model.encode([self.texts[i] for i in some]), np.array([self.labels[i] for i in some], "int32")

    def on_epoch_begin(self):
        if self.shuffle:
            self._order = np.random.permutation(len(self))
