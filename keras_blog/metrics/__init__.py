"""Metrics for `compile`."""

from keras_blog.metrics.active_units import active_units
from keras_blog.metrics.balanced_accuracy import BalancedAccuracy
from keras_blog.metrics.cluster_accuracy import ClusterAccuracy, clustering
from keras_blog.metrics.crf import CRFAccuracy
from keras_blog.metrics.edit_distance import edit_distance, error_rates
from keras_blog.metrics.frechet_distance import frechet_distance
from keras_blog.metrics.kernel_distance import kernel_distance
from keras_blog.metrics.mode_coverage import mode_coverage
from keras_blog.metrics.multilabel_f1 import MultilabelF1
from keras_blog.metrics.precision_recall import precision_recall
from keras_blog.metrics.retrieval import retrieval
from keras_blog.metrics.span_f1 import SpanF1

__all__ = [
    "BalancedAccuracy",
    "CRFAccuracy",
    "ClusterAccuracy",
    "MultilabelF1",
    "SpanF1",
    "active_units",
    "clustering",
    "edit_distance",
    "error_rates",
    "frechet_distance",
    "kernel_distance",
    "mode_coverage",
    "precision_recall",
    "retrieval",
]
