"""Metrics for `compile`."""

from keras_blog.metrics.crf import CRFAccuracy
from keras_blog.metrics.span_f1 import SpanF1

__all__ = ["CRFAccuracy", "SpanF1"]
