"""Callbacks: what happens around the epochs of `fit`."""

from keras_blog.callbacks.exact_resume import ExactResume

__all__ = ["ExactResume"]
