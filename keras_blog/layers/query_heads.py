"""What reads a query off the vectors of a question and of the columns of a table."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class ColumnAggregate(keras.layers.Layer):
    """Scores of the aggregates of each column, "not selected" among them: the column attends to the question first.

    Args:
        classes: number of scores a column.
        dim: of the attention and the hidden layer.
        dropout: share of the hidden layer that is dropped in training.
        seed: of the dropout.

    Call arguments:
        columns: vectors of the columns, shape `(batch, columns, size)`.
        tokens: vectors of tokens, shape `(batch, steps, size)`.
        question: true at those of the question, shape `(batch, steps)`.

    Returns:
        Logits, shape `(batch, columns, classes)`.

    Example:
    >>> layer = ColumnAggregate(7, 8)
    >>> tuple(layer(ops.ones((1, 3, 4)), ops.ones((1, 5, 4)), ops.ones((1, 5), "bool")).shape)
    (1, 3, 7)

    References:
        Article: kexue.fm 6771
        Paper: Xu, Liu, Song, SQLNet, arXiv:1711.04436, column attention
    """

    def __init__(self, classes, dim, dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.classes, self.dim, self.dropout, self.seed = classes, dim, dropout, seed
        self.query, self.key = (keras.layers.Dense(dim, name=name) for name in ("query", "key"))
        self.hidden = keras.layers.Dense(dim, "tanh", name="hidden")
        self.drop = keras.layers.Dropout(dropout, seed=seed, name="drop")
        self.scores = keras.layers.Dense(classes, name="scores")

    def build(self, columns_shape, tokens_shape, question_shape=None):
        size = columns_shape[-1]
        self.query.build((None, None, size))
        self.key.build((None, None, size))
        self.hidden.build((None, None, 3 * size))
        self.scores.build((None, None, self.dim))

    def call(self, columns, tokens, question, training=None):
        scores = ops.matmul(self.query(columns), ops.swapaxes(self.key(tokens), 1, 2)) / math.sqrt(self.dim)  # (b, c, t)
        weights = ops.softmax(ops.where(question[:, None], scores, ops.cast(-1e4, scores.dtype)), axis=-1)
        seen = ops.matmul(weights, tokens)  # (b, c, d)
        hidden = self.hidden(ops.concatenate([columns, seen, columns * seen], axis=-1))
        return self.scores(self.drop(hidden, training=training))

    def compute_output_shape(self, columns_shape, tokens_shape, question_shape=None):
        return (*columns_shape[:-1], self.classes)


@keras.saving.register_keras_serializable("keras_blog")
class ColumnMatch(keras.layers.Layer):
    """Scores of the columns at each token: to which of them a value belongs.

    A product of projections. The article's additive score needs a vector for each pair of token and column, and runs out of
    memory on wide tables.

    Args:
        dim: of the projections.

    Call arguments:
        tokens: shape `(batch, steps, size)`.
        columns: vectors of the columns, shape `(batch, columns, size)`.
        real: true where a column is no padding, shape `(batch, columns)`.

    Returns:
        Logits, shape `(batch, steps, columns)`; -10000 at padding.

    Example:
    >>> layer = ColumnMatch(8)
    >>> tuple(layer(ops.ones((1, 5, 4)), ops.ones((1, 3, 4)), ops.ones((1, 3), "bool")).shape)
    (1, 5, 3)

    References:
        Article: kexue.fm 6771
    """

    def __init__(self, dim, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.value, self.column = (keras.layers.Dense(dim, "tanh", name=name) for name in ("value", "column"))

    def build(self, tokens_shape, columns_shape, real_shape=None):
        self.value.build(tokens_shape)
        self.column.build(columns_shape)
        self.scale = self.add_weight(name="scale", shape=(self.dim,), initializer=keras.initializers.Constant(0.5))

    def call(self, tokens, columns, real):
        scores = ops.matmul(self.value(tokens) * self.scale, ops.swapaxes(self.column(columns), 1, 2))
        return ops.where(real[:, None], scores, ops.cast(-1e4, scores.dtype))

    def compute_output_shape(self, tokens_shape, columns_shape, real_shape=None):
        return (*tokens_shape[:-1], columns_shape[1])
