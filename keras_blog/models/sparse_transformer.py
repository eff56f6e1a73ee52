"""An encoder of long texts: attention under one pattern after another."""

import keras

from keras_blog.layers import SparseSelfAttention
from keras_blog.ops.sparse_attention import atrous, local


def sparse_transformer(vocabulary_size, patterns=None, dim=64, num_heads=4, dropout=0.1, seed=None):
    """Embeddings, then a block of attention and a feed-forward network for each pattern; from ids to features.

    Local and atrous attention by turns see near and far: with `local(64)` and then `atrous(32)`, a step looks at every 32nd
    step, and each of those has looked 63 steps to either side. Two blocks see the whole text, at a few per cent of the pairs.

    Args:
        vocabulary_size: number of ids, padding (0) included.
        patterns: of the blocks, first to last, as of `ops.sparse_attention`; `[local(64), atrous(32)]` by default.
        dim: size of the features, a multiple of `2 * num_heads`.
        num_heads: of each attention.
        dropout: share of the update of a block that is dropped in training.
        seed: of the dropouts.

    Returns:
        A functional `keras.Model` from int ids `(batch, steps)` to features `(batch, steps, dim)` with a mask.

    Raises:
        ValueError: if `dim` is no multiple of `2 * num_heads`.

    Example:
    >>> sparse_transformer(100, dim=16, num_heads=2).output_shape
    (None, None, 16)

    References:
        Article: kexue.fm 6853
    """
    if dim % (2 * num_heads):
        raise ValueError(f"`dim` must be a multiple of 2 * `num_heads`, {2 * num_heads}; received {dim}")
    patterns = [local(64), atrous(32)] if patterns is None else patterns
    ids = keras.Input((None,), dtype="int32", name="ids")
    x = keras.layers.Embedding(vocabulary_size, dim, mask_zero=True, name="characters")(ids)
    x = keras.layers.Dropout(dropout, seed=seed, name="dropout")(x)
    for i, pattern in enumerate(patterns):
        y = keras.layers.LayerNormalization(name=f"norm_{i}")(x)
        attention = SparseSelfAttention(num_heads, dim // num_heads, pattern, rotary_base=10000.0, name=f"attention_{i}")
        y = keras.layers.Dropout(dropout, seed=seed, name=f"attention_dropout_{i}")(attention(y))
        x = keras.layers.Add(name=f"attended_{i}")([x, y])
        y = keras.layers.LayerNormalization(name=f"feed_norm_{i}")(x)
        y = keras.layers.Dense(4 * dim, activation="relu", name=f"wide_{i}")(y)
        y = keras.layers.Dropout(dropout, seed=seed, name=f"feed_dropout_{i}")(keras.layers.Dense(dim, name=f"narrow_{i}")(y))
        x = keras.layers.Add(name=f"fed_{i}")([x, y])
    return keras.Model(ids, keras.layers.LayerNormalization(name="norm")(x), name="sparse_transformer")
