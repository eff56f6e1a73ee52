"""Metrics for `compile`."""

from keras_blog.metrics.balanced_accuracy import BalancedAccuracy
from keras_blog.metrics.crf import CRFAccuracy
from keras_blog.metrics.edit_distance import edit_distance, error_rates
from keras_blog.metrics.multilabel_f1 import MultilabelF1
from keras_blog.metrics.retrieval import retrieval
from keras_blog.metrics.span_f1 import SpanF1

__all__ = ["BalancedAccuracy", "CRFAccuracy", "MultilabelF1", "SpanF1", "edit_distance", "error_rates", "retrieval"]
