"""Pure functions on tensors."""

from keras_blog.ops import (
    angles,
    candidates,
    categorical,
    correlation,
    crf,
    gaussian,
    gelu,
    hsic,
    importance,
    kernels,
    multilabel,
    mutual_information,
    noise,
    prior,
    sparse_attention,
)
from keras_blog.ops.beam_search import beam_search
from keras_blog.ops.bidirectional_beam_search import bidirectional_beam_search
from keras_blog.ops.input_gradient import input_gradient
from keras_blog.ops.paired_beam_search import paired_beam_search
from keras_blog.ops.prior import adjust_logits
from keras_blog.ops.sampling import greedy_search, sample_sequences
from keras_blog.ops.sinkhorn import sinkhorn, sinkhorn_plan

__all__ = [
    "adjust_logits",
    "angles",
    "beam_search",
    "bidirectional_beam_search",
    "candidates",
    "categorical",
    "correlation",
    "crf",
    "gaussian",
    "gelu",
    "greedy_search",
    "hsic",
    "importance",
    "input_gradient",
    "kernels",
    "multilabel",
    "mutual_information",
    "noise",
    "paired_beam_search",
    "prior",
    "sample_sequences",
    "sinkhorn",
    "sinkhorn_plan",
    "sparse_attention",
]
