"""Losses: functions of `(y_true, y_pred)`, one value a sample, each with its class for `compile`."""

from keras_blog.losses.crf import CRFNegativeLogLikelihood, crf_negative_log_likelihood

__all__ = ["CRFNegativeLogLikelihood", "crf_negative_log_likelihood"]
