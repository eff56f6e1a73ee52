"""Initializers: how weights start."""

from keras_blog.initializers.geometric import Geometric

__all__ = ["Geometric"]
