"""Losses: functions of `(y_true, y_pred)`, one value a sample, each with its class for `compile`."""

from keras_blog.losses.crf import CRFNegativeLogLikelihood, crf_negative_log_likelihood
from keras_blog.losses.info_nce import InfoNCE, info_nce
from keras_blog.losses.nce import NCE, nce
from keras_blog.losses.negative_sampling import NegativeSampling, negative_sampling
from keras_blog.losses.sampled_softmax import SampledSoftmax, sampled_softmax

__all__ = [
    "NCE",
    "CRFNegativeLogLikelihood",
    "InfoNCE",
    "NegativeSampling",
    "SampledSoftmax",
    "crf_negative_log_likelihood",
    "info_nce",
    "nce",
    "negative_sampling",
    "sampled_softmax",
]
