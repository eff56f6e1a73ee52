"""An encoder of questions that learns from them alone."""

import keras

from keras_blog.layers import GramEmbedding


def gram_encoder(tokenizer, dim=128, dropout=0.3, seed=None):
    """Vectors of words and of their trigrams, and a GRU in both directions over them.

    Args:
        tokenizer: a `WordGrams`.
        dim: size of the vectors, and of the GRU's.
        dropout: share of the vectors' features that is dropped in training.
        seed: of the dropout.

    Returns:
        A Keras model from ids `(batch, steps, width)` to vectors `(batch, steps, 2 dim)`: those of the word alone, and of the
        word where it stands.
    """
    ids = keras.Input((None, tokenizer.width), dtype="int32", name="ids")
    x = GramEmbedding(tokenizer.size, dim, name="words")(ids)
    x = keras.layers.Dropout(dropout, seed=seed, name="dropout")(x)
    context = keras.layers.Bidirectional(keras.layers.GRU(dim // 2, return_sequences=True), name="gru")(x)
    return keras.Model(ids, keras.layers.Concatenate(name="both")([x, context]), name="gram_encoder")
