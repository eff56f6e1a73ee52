"""Pure functions on tensors."""

from keras_blog.ops import candidates, crf, noise

__all__ = ["candidates", "crf", "noise"]
