"""Losses: functions of `(y_true, y_pred)`, one value a sample, each with its class for `compile`; those of GANs."""

from keras_blog.losses.adversarial_loss import AdversarialLoss
from keras_blog.losses.am_softmax import AMSoftmax, am_softmax
from keras_blog.losses.arcface import ArcFace, arcface
from keras_blog.losses.combined_margin import CombinedMargin, combined_margin
from keras_blog.losses.crf import CRFNegativeLogLikelihood, crf_negative_log_likelihood
from keras_blog.losses.designed_gan import DesignedGAN
from keras_blog.losses.f_gan import FGAN
from keras_blog.losses.gradient_penalty import R1, R2, GradientPenalty, OneCentered, WassersteinDivergence, ZeroCentered
from keras_blog.losses.hinge_gan import HingeGAN
from keras_blog.losses.info_nce import InfoNCE, info_nce
from keras_blog.losses.least_squares_gan import LeastSquaresGAN
from keras_blog.losses.logit_adjusted import LogitAdjusted, logit_adjusted
from keras_blog.losses.multilabel_softmax import (
    MultilabelSoftmax,
    SparseMultilabelSoftmax,
    multilabel_softmax,
    sparse_multilabel_softmax,
)
from keras_blog.losses.nce import NCE, nce
from keras_blog.losses.negative_sampling import NegativeSampling, negative_sampling
from keras_blog.losses.normalized_softmax import NormalizedSoftmax, normalized_softmax
from keras_blog.losses.pairwise_margin import PairwiseMargin, pairwise_margin
from keras_blog.losses.quadratic_potential import QuadraticPotential
from keras_blog.losses.relativistic_gan import RelativisticGAN
from keras_blog.losses.sampled_softmax import SampledSoftmax, sampled_softmax
from keras_blog.losses.simpler_a_softmax import SimplerASoftmax, simpler_a_softmax
from keras_blog.losses.sphereface import SphereFace, sphereface
from keras_blog.losses.step_cross_entropy import StepCrossEntropy, step_cross_entropy
from keras_blog.losses.streamed_margin import StreamedMargin, streamed_margin
from keras_blog.losses.wasserstein_gan import WassersteinGAN

__all__ = [
    "FGAN",
    "NCE",
    "R1",
    "R2",
    "AMSoftmax",
    "AdversarialLoss",
    "ArcFace",
    "CRFNegativeLogLikelihood",
    "CombinedMargin",
    "DesignedGAN",
    "GradientPenalty",
    "HingeGAN",
    "InfoNCE",
    "LeastSquaresGAN",
    "LogitAdjusted",
    "MultilabelSoftmax",
    "NegativeSampling",
    "NormalizedSoftmax",
    "OneCentered",
    "PairwiseMargin",
    "QuadraticPotential",
    "RelativisticGAN",
    "SampledSoftmax",
    "SimplerASoftmax",
    "SparseMultilabelSoftmax",
    "SphereFace",
    "StepCrossEntropy",
    "StreamedMargin",
    "WassersteinDivergence",
    "WassersteinGAN",
    "ZeroCentered",
    "am_softmax",
    "arcface",
    "combined_margin",
    "crf_negative_log_likelihood",
    "info_nce",
    "logit_adjusted",
    "multilabel_softmax",
    "nce",
    "negative_sampling",
    "normalized_softmax",
    "pairwise_margin",
    "sampled_softmax",
    "simpler_a_softmax",
    "sparse_multilabel_softmax",
    "sphereface",
    "step_cross_entropy",
    "streamed_margin",
]
