"""A small encoder of tokens, for models that take any."""

import keras


def word_encoder(vocabulary_size, dim=64, units=48, dropout=0.2, seed=None):
    """Embeddings of tokens, and beside them a GRU in each direction; from ids to features `(batch, steps, dim + 2 units)`.

    Args:
        vocabulary_size: number of ids, padding (0) included.
        dim: size of the embeddings.
        units: size of each GRU.
        dropout: share of the embeddings that is dropped in training, whole tokens at a time.
        seed: of the dropout.

    Example:
    >>> word_encoder(100, dim=8, units=4).output_shape
    (None, None, 16)
    """
    ids = keras.Input((None,), dtype="int32", name="ids")
    x = keras.layers.Embedding(vocabulary_size, dim, mask_zero=True, name="tokens")(ids)
    x = keras.layers.Dropout(dropout, noise_shape=(None, None, 1), seed=seed, name="dropout")(x)
    states = keras.layers.Bidirectional(keras.layers.GRU(units, return_sequences=True, name="states"), name="both")(x)
    return keras.Model(ids, keras.layers.Concatenate(name="features")([x, states]), name="word_encoder")
