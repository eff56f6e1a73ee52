"""A mixture of Gaussians that is learned: clusters as a prior."""

import keras
import numpy as np
from keras import ops

from keras_blog.ops import gaussian


@keras.saving.register_keras_serializable("keras_blog")
class GaussianMixturePrior(keras.layers.Layer):
    r"""Log densities :math:`\log q(y) + \log q(z|y)` of points under each component of a Gaussian mixture.

    Their `logsumexp` over the last axis is :math:`\log q(z)`, their softmax the probability of each component,
    :math:`q(y|z)`. One component at the origin, fixed, is the standard normal.

    Args:
        components: their number, a positive int.
        learn_variances: whether each component learns a variance for every dimension; else they are 1.
        learn_weights: whether the shares of the components are learned; else all are equal.
        mean_initializer: of the means. With zeros, the article's start, all components are one until a classifier tells them
            apart; without a classifier take another, or `set_means`.

    Call arguments:
        inputs: points, shape `(..., latent)`.

    Returns:
        Nats, float32, shape `(..., components)`.

    Raises:
        ValueError: if `components` is not a positive int.

    Example:
    >>> prior = GaussianMixturePrior(2)
    >>> print(f"{float(prior(ops.zeros((1, 1)))[0, 0]):.4f}")  # log 1/2 - log(2 pi) / 2
    -1.6121

    References:
        Article: kexue.fm 5887
        Paper: Jiang et al., Variational Deep Embedding, arXiv:1611.05148
    """

    def __init__(self, components, learn_variances=False, learn_weights=False, mean_initializer="zeros", **kwargs):
        super().__init__(autocast=False, **kwargs)
        if not isinstance(components, int) or components < 1:
            raise ValueError(f"`components` must be a positive int; received {components!r}")
        self.components, self.learn_variances, self.learn_weights = components, learn_variances, learn_weights
        self.mean_initializer = keras.initializers.get(mean_initializer)

    def build(self, input_shape):
        if input_shape[-1] is None:
            raise ValueError(f"`inputs` must have a known number of dimensions; received shape {tuple(input_shape)}")
        shape, plain = (self.components, input_shape[-1]), {"dtype": "float32", "autocast": False}
        self.means = self.add_weight(name="means", shape=shape, initializer=self.mean_initializer, **plain)
        zeros = {"initializer": "zeros", **plain}
        self.log_variances = self.add_weight(name="log_variances", shape=shape, trainable=self.learn_variances, **zeros)
        self.logits = self.add_weight(name="logits", shape=shape[:1], trainable=self.learn_weights, **zeros)

    def call(self, inputs):
        return self.log_weights() + gaussian.log_density(inputs[..., None, :], self.means, self.log_variances)

    def log_weights(self):
        """Logarithms of the shares of the components, shape `(components,)`."""
        return ops.log_softmax(ops.convert_to_tensor(self.logits), axis=-1)

    def kl_divergence(self, mean, log_variance):
        """Divergence of Gaussians `(..., latent)` from every component, nats `(..., components)`."""
        return gaussian.kl_divergence(
            mean[..., None, :], log_variance[..., None, :], self.means, ops.convert_to_tensor(self.log_variances)
        )

    def set_means(self, points, labels):
        """Starts each component at the mean of its points, and with their variances and share where those are learned.

        Args:
            points: NumPy, shape `(n, latent)`.
            labels: the component of each, as k-means finds it, ints `(n,)`. A component without points stays as it is.
        """
        means, variances = (np.array(ops.convert_to_numpy(weight)) for weight in (self.means, self.log_variances))
        counts = np.bincount(labels, minlength=self.components)
        for k in np.flatnonzero(counts):
            means[k] = points[labels == k].mean(axis=0)
            variances[k] = np.log(points[labels == k].var(axis=0) + 1e-3)
        self.means.assign(means)
        if self.learn_variances:
            self.log_variances.assign(variances)
        if self.learn_weights:
            self.logits.assign(np.log(np.maximum(counts, 1) / len(labels)).astype("float32"))

    def compute_output_spec(self, inputs):
        return keras.KerasTensor((*inputs.shape[:-1], self.components), "float32")

    def get_config(self):
        return {
            **super().get_config(),
            "components": self.components,
            "learn_variances": self.learn_variances,
            "learn_weights": self.learn_weights,
            "mean_initializer": keras.initializers.serialize(self.mean_initializer),
        }
