"""Pure functions on tensors."""

from keras_blog.ops import candidates, crf, noise, sparse_attention

__all__ = ["candidates", "crf", "noise", "sparse_attention"]
