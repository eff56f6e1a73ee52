"""Pure functions on tensors."""

from keras_blog.ops import angles, candidates, crf, gelu, multilabel, noise, prior, sparse_attention
from keras_blog.ops.prior import adjust_logits

__all__ = ["adjust_logits", "angles", "candidates", "crf", "gelu", "multilabel", "noise", "prior", "sparse_attention"]
