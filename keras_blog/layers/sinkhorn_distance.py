"""The distance of two texts as a layer: what it costs to carry the words of one to those of the other."""

import keras
from keras import ops

from keras_blog.ops import sinkhorn


@keras.saving.register_keras_serializable("keras_blog")
class SinkhornDistance(keras.layers.Layer):
    r"""Word mover's or rotator's distance with an entropy: a batch at a time, and with a gradient for the word vectors.

    With `cost="euclidean"` all words weigh the same and the cost is the distance of their vectors, as in
    `mining.word_mover_distance`; with `"cosine"` they weigh as much as their vectors are long, and it is `1 - cos`, as in
    `mining.word_rotator_distance`. As `epsilon` falls the value nears those, from above. ::

        texts = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
        embed = keras.layers.Embedding(10000, 50, mask_zero=True)
        distance = layers.SinkhornDistance("cosine")(*map(embed, texts))
        model = keras.Model(texts, distance)  # what should be near 0 for texts of one meaning
        model.compile("adam", "mse")

    Args:
        cost: `"euclidean"` or `"cosine"`.
        epsilon: weight of the entropy, in the unit of the cost.
        steps: updates of each potential; a smaller `epsilon` needs more.
        debiased: whether to subtract the means of what both texts cost to themselves, so that a text is at 0 from itself. Takes
            three times as long.

    Call arguments:
        x: word vectors, float, shape `(batch, words, dim)`.
        y: of the other texts, `(batch, other_words, dim)`.
        x_mask: bool, `(batch, words)`, true at words; Keras passes on the masks of the inputs.
        y_mask: `(batch, other_words)`.

    Returns:
        Distances in the unit of the cost, float32, shape `(batch,)`. Where one of the texts has no words, or for `"cosine"`
        only zero vectors, it is 0 with a gradient of 0.

    Example:
    >>> x, y = ops.array([[[1.0, 0.0], [0.0, 2.0]]]), ops.array([[[1.0, 1.0], [3.0, 0.0], [0.0, -1.0]]])
    >>> print(f"{float(SinkhornDistance('cosine', epsilon=0.005, steps=500)(x, y)[0]):.2f}")  # 2/3, and the entropy
    0.67

    References:
        Article: kexue.fm 7388
        Papers: Cuturi, Sinkhorn Distances, NeurIPS 2013; Yokoi et al., Word Rotator's Distance, arXiv:2004.15003
    """

    def __init__(self, cost="euclidean", epsilon=0.05, steps=50, debiased=False, **kwargs):
        super().__init__(autocast=False, **kwargs)
        if cost not in ("euclidean", "cosine"):
            raise ValueError(f'`cost` must be "euclidean" or "cosine"; received {cost!r}')
        if not epsilon > 0:
            raise ValueError(f"`epsilon` must be positive; received {epsilon!r}")
        if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
            raise ValueError(f"`steps` must be an int of at least 1; received {steps!r}")
        self.cost, self.epsilon, self.steps, self.debiased = cost, epsilon, steps, bool(debiased)

    def call(self, x, y, x_mask=None, y_mask=None):
        x, y = ops.cast(x, "float32"), ops.cast(y, "float32")
        if len(x.shape) != 3 or len(y.shape) != 3:
            raise ValueError(
                f"`x` and `y` must be word vectors (batch, words, dim); received {tuple(x.shape)} and {tuple(y.shape)}"
            )
        x, p = self._words(x, x_mask)
        y, q = self._words(y, y_mask)
        value = self._carry(x, p, y, q)
        if self.debiased:
            both = ops.logical_and(ops.any(p > 0, axis=1), ops.any(q > 0, axis=1))
            value = value - 0.5 * (self._carry(x, p, x, p) + self._carry(y, q, y, q)) * ops.cast(both, "float32")
        return value

    def compute_mask(self, *arguments, **masks):
        return None

    def compute_output_spec(self, x, y, x_mask=None, y_mask=None):
        return keras.KerasTensor(x.shape[:1], "float32")

    def _words(self, x, mask):
        """Vectors and masses; those of padding are 0."""
        there = ops.ones_like(x[..., 0]) if mask is None else ops.cast(mask, "float32")
        x = ops.where(there[..., None] > 0, x, 0.0)
        if self.cost == "euclidean":
            return x, there
        lengths = _root(ops.sum(x * x, axis=-1))
        return x / ops.where(lengths > 0, lengths, 1.0)[..., None], lengths

    def _carry(self, x, p, y, q):
        products = ops.matmul(x, ops.swapaxes(y, 1, 2))
        if self.cost == "cosine":
            cost = 1.0 - products
        else:
            sizes = ops.sum(x * x, axis=-1)[:, :, None] + ops.sum(y * y, axis=-1)[:, None, :]
            squares = sizes - 2.0 * products
            cost = _root(ops.where(squares > 1e-6 * sizes, squares, 0.0))  # below, it is rounding
        return sinkhorn(cost, p, q, self.epsilon, self.steps)


def _root(squares):
    """The square root, whose gradient is 0 at 0."""
    positive = squares > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, squares, 1.0)), 0.0)
