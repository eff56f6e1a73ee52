"""How likely each candidate was before the text was read, and whether it is none of them."""

import keras
from keras import ops

_IMPOSSIBLE = -1e9


@keras.saving.register_keras_serializable("keras_blog")
class CandidatePrior(keras.layers.Layer):
    r"""Adds :math:`\tau \log p` to the scores of candidates, and puts the score of "none of them" before.

    What `PriorBias` is to classes, this is to candidates, of which every sample has others: p is the share of the candidate
    among all things of that name. Both the strength and the score of none are learned; with a cross-entropy over candidates
    and none, they end where the probabilities are right. Computed in float32.

    Call arguments:
        scores: in nats, shape `(batch, candidates)`.
        log_prior: logarithms of the shares, the same shape.
        mask: bool, the same shape, true at candidates that are there.

    Returns:
        Logits, float32, shape `(batch, 1 + candidates)`: of none, then of each candidate; -1e9 where there is none.

    Example:
    >>> import numpy as np
    >>> scores, shares = np.array([[0.5, 1.0]]), np.array([[-0.25, -1.5]])
    >>> logits = CandidatePrior()(scores, shares, mask=np.array([[True, True]]))
    >>> print(keras.ops.convert_to_numpy(logits).tolist())
    [[0.0, 0.25, -0.5]]

    References:
        Articles: kexue.fm 6919, 7615
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.supports_masking = True

    def build(self, scores_shape, log_prior_shape=None):
        self.tau = self.add_weight(name="tau", shape=(), initializer="ones")
        self.none = self.add_weight(name="none", shape=(), initializer="zeros")

    def call(self, scores, log_prior, mask=None):
        logits = scores + self.tau * log_prior
        if mask is not None:
            logits = ops.where(mask, logits, _IMPOSSIBLE)
        return ops.concatenate([ops.zeros_like(logits[:, :1]) + self.none, logits], axis=1)

    def compute_mask(self, *arguments, **masks):
        return None

    def compute_output_shape(self, scores_shape, log_prior_shape):
        return scores_shape[0], None if scores_shape[1] is None else scores_shape[1] + 1
