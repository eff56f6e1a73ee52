"""Multi-head self-attention to the steps nearby."""

import keras

from keras_blog.layers.sparse_self_attention import SparseSelfAttention
from keras_blog.ops import sparse_attention


@keras.saving.register_keras_serializable("keras_blog")
class LocalSelfAttention(SparseSelfAttention):
    """`SparseSelfAttention` to the keys nearer than `window` steps, as `sliding_window` of Keras counts them.

    Args:
        num_heads: number of heads of queries.
        key_dim: size of each head.
        window: steps seen on either side, the own one included; the article's `neighbors` is one less.
        causal: whether no later step is seen.
        global_tokens: the first steps, so many, see all and are seen by all.
        **kwargs: as of `SparseSelfAttention`.

    Example:
    >>> layer = LocalSelfAttention(2, 8, window=4)
    >>> tuple(layer(keras.ops.ones((1, 30, 16))).shape)
    (1, 30, 16)

    References:
        Article: kexue.fm 6853
        Paper: Beltagy, Peters, Cohan, Longformer: The Long-Document Transformer, arXiv:2004.05150
    """

    def __init__(self, num_heads, key_dim, window, causal=False, global_tokens=0, **kwargs):
        super().__init__(num_heads, key_dim, sparse_attention.local(window, causal, global_tokens), **kwargs)

    def get_config(self):
        config = super().get_config()
        pattern = config.pop("pattern")
        return {**config, **{name: pattern[name] for name in ("window", "causal", "global_tokens")}}
