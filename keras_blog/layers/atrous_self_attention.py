"""Multi-head self-attention to every so many-th step."""

import keras

from keras_blog.layers.sparse_self_attention import SparseSelfAttention
from keras_blog.ops import sparse_attention


@keras.saving.register_keras_serializable("keras_blog")
class AtrousSelfAttention(SparseSelfAttention):
    """`SparseSelfAttention` to the keys a multiple of `rate` steps away; between local layers, it reaches far.

    Args:
        num_heads: number of heads of queries.
        key_dim: size of each head.
        rate: distance of the keys; 1 is dense attention.
        causal: whether no later step is seen.
        global_tokens: the first steps, so many, see all and are seen by all.
        **kwargs: as of `SparseSelfAttention`.

    Example:
    >>> layer = AtrousSelfAttention(2, 8, rate=4)
    >>> tuple(layer(keras.ops.ones((1, 30, 16))).shape)
    (1, 30, 16)

    References:
        Article: kexue.fm 6853
    """

    def __init__(self, num_heads, key_dim, rate, causal=False, global_tokens=0, **kwargs):
        super().__init__(num_heads, key_dim, sparse_attention.atrous(rate, causal, global_tokens), **kwargs)

    def get_config(self):
        config = super().get_config()
        pattern = config.pop("pattern")
        return {**config, **{name: pattern[name] for name in ("rate", "causal", "global_tokens")}}
