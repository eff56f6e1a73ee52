"""Pure functions on tensors."""

from keras_blog.ops import crf

__all__ = ["crf"]
