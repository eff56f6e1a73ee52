"""A classifier of long texts, with its vocabulary and class names in one file."""

import keras
import numpy as np
from keras import ops

from keras_blog.models.length_batches import LengthBatches
from keras_blog.models.sparse_transformer import sparse_transformer
from keras_blog.models.token_classifier import TokenClassifier
from keras_blog.models.vocabulary import PADDING


@keras.saving.register_keras_serializable("keras_blog")
class LongTextClassifier(TokenClassifier):
    """Local and atrous attention by turns over all characters of a text, mean and maximum over the steps, a softmax.

        model = LongTextClassifier(LongTextClassifier.vocabulary_of(texts), ["good", "bad"], length=4096)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(TextBatches(model, texts, labels), epochs=3)
        model.classify(["很好"])  # ["good"]

    Args:
        vocabulary: the characters that have an embedding, without duplicates; every other one is unknown.
        class_names: the classes in the order of their ids.
        length: characters that are read of a text; the rest is cut off.
        encoder: any Keras model or layer from int ids `(batch, steps)`, 0 at padding, 1 unknown, to features
            `(batch, steps, dim)`; `sparse_transformer(len(vocabulary) + 2)` by default.

    Call arguments:
        inputs: int ids, shape `(batch, steps)`, as `encode` makes them.

    Returns:
        Logits, shape `(batch, classes)`.

    References:
        Article: kexue.fm 6853
    """

    def __init__(self, vocabulary, class_names, length=1024, encoder=None, **kwargs):
        super().__init__(vocabulary, class_names, length, **kwargs)
        self.encoder = sparse_transformer(len(self.tokens)) if encoder is None else encoder
        self.scores = keras.layers.Dense(len(self.class_names), name="scores")

    def call(self, inputs, training=None):
        features = self.encoder(inputs, training=training)
        real = ops.cast(ops.not_equal(inputs, PADDING), features.dtype)[..., None]
        steps = ops.maximum(ops.sum(real, axis=1), 1)
        highest = ops.max(features * real - 1e4 * (1 - real), axis=1)
        return self.scores(ops.concatenate([ops.sum(features * real, axis=1) / steps, highest], axis=-1))

    def get_config(self):
        return {**super().get_config(), "encoder": keras.saving.serialize_keras_object(self.encoder)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "encoder": keras.saving.deserialize_keras_object(config["encoder"])})


class TextBatches(LengthBatches):
    """Batches of `(ids, class ids)` for `LongTextClassifier.fit`: texts of similar length together, in random order.

    See `models.length_batches` for their order.

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
        super().__init__(texts, batch_size, shuffle)
        if len(texts) != len(labels):
            raise ValueError(f"`labels` must be one a text; received {len(labels)} for {len(texts)} texts")
        self.model, self.texts, self.labels = model, texts, labels

    def __getitem__(self, index):
        some = self.part(index)
        return self.model.encode([self.texts[i] for i in some]), np.array([self.labels[i] for i in some], "int32")
