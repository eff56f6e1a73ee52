"""Sentences as unit vectors: a character GRU, with its vocabulary in the same file, and search by cosine."""

import keras
import numpy as np
from keras import ops

from keras_blog.models.vocabulary import PADDING, UNKNOWN, Vocabulary, vocabulary_of


@keras.saving.register_keras_serializable("keras_blog")
class SentenceEncoder(keras.Model):
    """Encodes texts so that those of one meaning have a small angle: trained as a classifier of groups, used without it.

        encoder = SentenceEncoder(SentenceEncoder.vocabulary_of(texts))
        ids = keras.Input((None,), dtype="int32")
        model = keras.Model(ids, layers.CosineDense(groups)(encoder(ids)))
        model.compile("adam", loss=losses.AMSoftmax())
        model.fit(encoder.ids(texts), labels, epochs=20)
        encoder.index(texts)
        encoder.search("把灯打开", k=3)  # [("开灯", 0.93), ...]

    Args:
        vocabulary: the tokens that have an embedding, characters as a rule, without duplicates; every other one is unknown.
        dim: size of the embeddings and of the vectors.
        max_length: characters that count; what is longer is cut.

    Call arguments:
        inputs: int ids, shape `(batch, steps)`, 0 at padding, as `ids` makes them.

    Returns:
        Features, shape `(batch, dim)`, of any length; `encode` normalises them.

    References:
        Article: kexue.fm 5743
    """

    def __init__(self, vocabulary, dim=128, max_length=32, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary, self.dim, self.max_length = list(vocabulary), dim, max_length
        self._tokens = Vocabulary(self.vocabulary)
        for name, value in (("dim", dim), ("max_length", max_length)):
            if not isinstance(value, int) or not 1 <= value <= 65536:
                raise ValueError(f"`{name}` must be an int from 1 to 65536; received {value!r}")
        self.characters = keras.layers.Embedding(len(self._tokens), dim, mask_zero=True, name="characters")
        self.recurrence = keras.layers.GRU(dim, name="recurrence")
        self._texts, self._vectors = [], np.zeros((0, dim), "float32")

    vocabulary_of = staticmethod(vocabulary_of)

    def call(self, inputs):
        return self.recurrence(self.characters(inputs), mask=ops.not_equal(inputs, PADDING))

    def ids(self, texts):
        """Int ids of texts, shape `(len(texts), max_length)`, zeros behind each; a text without characters is one unknown."""
        texts = [texts] if isinstance(texts, str) else texts
        ids = self._tokens.encode(texts, lambda longest: self.max_length, self.max_length)
        ids[:, 0] = np.where(ids[:, 0] == PADDING, UNKNOWN, ids[:, 0])
        return ids

    def encode(self, texts, batch_size=256):
        """Unit vectors of texts, NumPy, shape `(len(texts), dim)`."""
        ids = self.ids(texts)
        if not len(ids):
            return np.zeros((0, self.dim), "float32")
        features = self.predict(ids, batch_size=batch_size, verbose=0)
        return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)

    def index(self, texts):
        """Encode the texts that `search` looks in; the file of the model does not keep them."""
        self._texts, self._vectors = list(texts), self.encode(texts)

    def search(self, query, k=5):
        """The `k` nearest indexed texts of a text: a list of `(text, cosine)`, best first, ties in the order of the index.

        Raises:
            ValueError: if `query` is no string, `k` is not positive, or `index` was not called.
        """
        if not isinstance(query, str) or not isinstance(k, int) or k < 1:
            raise ValueError(f"`query` must be a string and `k` a positive int; received {query!r} and {k!r}")
        if not self._texts:
            raise ValueError("`search` must have texts to look in; received none: call `index(texts)` first")
        cosines = self._vectors @ self.encode([query])[0]
        return [(self._texts[i], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:k]]

    def get_config(self):
        own = {"vocabulary": self.vocabulary, "dim": self.dim, "max_length": self.max_length}
        return {**super().get_config(), **own}
