"""Pure functions on tensors."""

from keras_blog.ops import angles, candidates, crf, gelu, noise, sparse_attention

__all__ = ["angles", "candidates", "crf", "gelu", "noise", "sparse_attention"]
