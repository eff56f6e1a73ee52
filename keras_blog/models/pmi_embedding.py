"""Word vectors trained so that inner products are mutual information."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class PMIEmbedding(keras.Model):
    r"""Vectors of words, of which two are to have a given inner product: their mutual information.

    .. math:: \sum_{i, j} \lambda_{ij} (v_i \cdot u_j - PMI_{ij})^2

    With `shared=True`, as in the article, u is v; inner products of vectors with themselves are squares then, so information
    below 0 is out of reach between words that are alike. With `biases` and the logarithm of the counts for a target it is
    GloVe; its loss does not see a constant that is added to all vectors, which is why the article leaves the biases out. ::

        found = mining.cooccurrence(texts, window=10)
        left, right, targets = found.pmi()
        model = models.PMIEmbedding(len(found), dim=64)
        model.compile(keras.optimizers.Adagrad(0.1), keras.losses.MeanSquaredError(reduction="sum"))
        model.fit((left, right), targets, sample_weight=found.weights(), batch_size=4096, epochs=25)
        vectors = mining.WordVectors(found.words, model.vectors(), found.counts)

    Args:
        size: number of words.
        dim: size of the vectors.
        shared: whether both words of a pair have their vector from one table.
        biases: whether each word has a bias, on either side.

    Call arguments:
        inputs: `(left, right)`, int ids of words, shape `(batch,)` each.

    Returns:
        Inner products, shape `(batch,)`.

    References:
        Articles: kexue.fm 4671
        Paper: Pennington, Socher, Manning, GloVe, EMNLP 2014
    """

    def __init__(self, size, dim=64, shared=True, biases=False, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("size", size), ("dim", dim)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 2**31:
                raise ValueError(f"`{name}` must be an int of at least 1; received {value!r}")
        self.size, self.dim, self.shared, self.biases = size, dim, bool(shared), bool(biases)
        start = {"embeddings_initializer": keras.initializers.RandomUniform(-0.5 / dim**0.5, 0.5 / dim**0.5)}
        self.table = keras.layers.Embedding(size, dim, name="table", **start)
        self.other = None if shared else keras.layers.Embedding(size, dim, name="other", **start)
        sides = ("left_bias", "right_bias") if biases else ()
        self.bias = [keras.layers.Embedding(size, 1, "zeros", name=name) for name in sides]

    def build(self, input_shape=None):
        for layer in (self.table, self.other, *self.bias):
            if layer is not None:
                layer.build((None,))

    def call(self, inputs):
        left, right = inputs
        product = ops.sum(self.table(left) * (self.other or self.table)(right), axis=-1)
        return product + sum(bias(ids)[..., 0] for bias, ids in zip(self.bias, (left, right), strict=False))

    def vectors(self):
        """NumPy, shape `(size, dim)`; of both tables the sum over the root of 2, so that inner products keep their size."""
        table = np.asarray(self.table.get_weights()[0])
        return table if self.other is None else (table + np.asarray(self.other.get_weights()[0])) / 2**0.5

    def get_config(self):
        own = {name: getattr(self, name) for name in ("size", "dim", "shared", "biases")}
        return {**super().get_config(), **own}
