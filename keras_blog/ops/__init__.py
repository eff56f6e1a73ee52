"""Pure functions on tensors."""

from keras_blog.ops import angles, candidates, crf, gelu, multilabel, noise, prior, sparse_attention
from keras_blog.ops.beam_search import beam_search
from keras_blog.ops.prior import adjust_logits
from keras_blog.ops.sampling import greedy_search, sample_sequences

__all__ = [
    "adjust_logits",
    "angles",
    "beam_search",
    "candidates",
    "crf",
    "gelu",
    "greedy_search",
    "multilabel",
    "noise",
    "prior",
    "sample_sequences",
    "sparse_attention",
]
