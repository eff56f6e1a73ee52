"""A text classifier: a recurrence over tokens, with its vocabulary and class names in one file."""

import keras
from keras import ops

from keras_blog.models.token_classifier import TokenClassifier
from keras_blog.models.vocabulary import PADDING, multiple


@keras.saving.register_keras_serializable("keras_blog")
class RecurrentClassifier(TokenClassifier):
    """Sorts texts into classes: tokens, an LSTM, the largest of its states over the text, a softmax.

    The tokens come in by one of two doors. An LSTM reads four numbers a unit from its input; over one-hot tokens these
    are a row of its kernel, so looking the row up is the same and costs no one-hot tensor. With `dim`, the rows are the
    product of an embedding of that size and a matrix that all tokens share. ::

        classifier = RecurrentClassifier(RecurrentClassifier.vocabulary_of(texts), ["negative", "positive"], dim=64)
        classifier.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        classifier.fit(classifier.encode(texts), labels, epochs=5)
        classifier.classify(["房间很干净"])  # ["positive"]

    Padding is masked: a text scores the same in any batch.

    Args:
        vocabulary: the tokens that are known, without duplicates: characters, or words.
        class_names: the classes in the order of their ids.
        dim: size of the embedding; `None` for one-hot tokens.
        units: size of the LSTM.
        dropout: share of the inputs of the LSTM and of its result that is dropped in training.
        length: tokens that are read of a text; the rest is cut off.
        seed: int; of the dropouts.

    Call arguments:
        inputs: int ids, shape `(batch, steps)`, as `encode` makes them.

    Returns:
        Logits, shape `(batch, classes)`.

    References:
        Article: kexue.fm 3863
    """

    width = staticmethod(multiple(of=32))

    def __init__(self, vocabulary, class_names, dim=None, units=64, dropout=0.5, length=128, seed=None, **kwargs):
        super().__init__(vocabulary, class_names, length, **kwargs)
        for name, value in (("dim", 1 if dim is None else dim), ("units", units)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65536:
                raise ValueError(f"`{name}` must be an int from 1 to 65536; received {value!r}")
        self.dim, self.units, self.dropout, self.seed = dim, units, dropout, seed
        size = len(self.tokens)
        self.table = keras.layers.Embedding(size, dim or 4 * units, embeddings_initializer="glorot_uniform", name="table")
        self.shared = None if dim is None else keras.layers.Dense(4 * units, use_bias=False, name="shared")
        self.input_dropout, self.state_dropout = (keras.layers.Dropout(rate, seed=seed) for rate in (dropout / 2, dropout))
        self.recurrence = keras.layers.RNN(_LSTMCell(units), return_sequences=True, name="recurrence")
        self.logits = keras.layers.Dense(len(self.class_names), name="logits")

    def build(self, input_shape):
        self.table.build(input_shape)
        if self.shared is not None:
            self.shared.build((*input_shape, self.dim))
        self.recurrence.build((*input_shape, 4 * self.units))
        self.logits.build((input_shape[0], self.units))

    def call(self, inputs, training=None):
        mask = ops.not_equal(inputs, PADDING)
        x = self.input_dropout(self.table(inputs), training=training)  # (b, t, dim)
        x = x if self.shared is None else self.shared(x)  # (b, t, 4 units)
        states = self.recurrence(x, mask=mask)
        # States lie in (-1, 1): where nothing is real, the largest is 0.
        largest = ops.max(ops.where(ops.expand_dims(mask, -1), states, -1.0), axis=1)
        largest = ops.where(ops.any(mask, axis=1, keepdims=True), largest, 0.0)
        return self.logits(self.state_dropout(largest, training=training))

    def get_config(self):
        names = ("dim", "units", "dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class _LSTMCell(keras.layers.Layer):
    """An LSTM cell whose inputs are its gates already, less what the last state adds to them."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units, self.state_size, self.output_size = units, [units, units], units

    def build(self, input_shape):
        self.recurrent = self.add_weight(name="recurrent", shape=(self.units, 4 * self.units), initializer="orthogonal")
        self.bias = self.add_weight(name="bias", shape=(4 * self.units,), initializer="zeros")
        self.bias.assign(ops.concatenate([ops.zeros(self.units), ops.ones(self.units), ops.zeros(2 * self.units)]))

    def call(self, inputs, states, training=None):
        state, memory = states
        gates = inputs + ops.matmul(state, self.recurrent) + self.bias
        write, forget, new, read = ops.split(gates, 4, axis=-1)
        memory = ops.sigmoid(forget) * memory + ops.sigmoid(write) * ops.tanh(new)
        state = ops.sigmoid(read) * ops.tanh(memory)
        return state, [state, memory]
