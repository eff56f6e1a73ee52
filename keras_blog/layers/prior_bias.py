"""The class frequencies as a bias of the scores."""

import keras
import numpy as np

from keras_blog.ops.prior import log_prior


@keras.saving.register_keras_serializable("keras_blog")
class PriorBias(keras.layers.Layer):
    r"""Adds :math:`\tau \log p` to the scores of the classes.

    With a plain cross-entropy behind it, and `trainable=False`, training is that of `losses.logit_adjusted`. Trainable, it is
    the article's initialisation of the last bias: the first steps need not learn the frequencies, but the bias may leave them.
    Its outputs have the fewest errors overall, its inputs the least balanced error.

    Args:
        prior: shares or counts of the classes in training, shape `(classes,)`; see `ops.prior.log_prior`.
        tau: strength.
        trainable: whether the bias may change.

    Call arguments:
        inputs: scores in nats, shape `(..., classes)`.

    Returns:
        Scores of the same shape.

    Raises:
        ValueError: if the prior is none, or has another number of classes.

    Example:
    >>> scores = PriorBias([3, 1])(keras.ops.zeros((1, 2)))
    >>> print([f"{score:.4f}" for score in keras.ops.convert_to_numpy(scores)[0]])  # log 3/4, log 1/4
    ['-0.2877', '-1.3863']

    References:
        Article: kexue.fm 7615
    """

    def __init__(self, prior, tau=1.0, trainable=False, **kwargs):
        super().__init__(trainable=trainable, **kwargs)
        log_prior(prior)  # a bad one stops us here
        if not np.isfinite(tau):
            raise ValueError(f"`tau` must be a finite number; received {tau}")
        self.prior, self.tau = np.asarray(prior, "float64").tolist(), float(tau)
        self.supports_masking = True

    def build(self, input_shape):
        if input_shape[-1] != len(self.prior):
            raise ValueError(f"`inputs` must have a score a class, {len(self.prior)}; received shape {tuple(input_shape)}")
        values = (self.tau * log_prior(self.prior)).astype("float32")
        self.bias = self.add_weight(name="bias", shape=values.shape, initializer=lambda shape, dtype=None: values)

    def call(self, inputs):
        return inputs + self.bias

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "prior": self.prior, "tau": self.tau}
