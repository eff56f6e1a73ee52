"""A sample of a diagonal Gaussian, through which gradients pass."""

import keras
from keras import ops

from keras_blog.ops import gaussian


@keras.saving.register_keras_serializable("keras_blog")
class GaussianSampling(keras.layers.Layer):
    r"""Draws :math:`z = \mu + \sigma \varepsilon` in training, and gives the mean otherwise.

    Args:
        samples: how many to draw of each Gaussian, on an axis of their own before the last; by default one, without that axis.
        seed: of the noise.

    Call arguments:
        inputs: means, then as many log variances, shape `(..., 2 * latent)`: what a Dense layer puts out.
        training: whether to draw.

    Returns:
        Shape `(..., latent)`, or `(..., samples, latent)`.

    Raises:
        ValueError: if the last axis of the inputs cannot be halved, or `samples` is no positive int.

    Example:
    >>> z = GaussianSampling()(ops.convert_to_tensor([[1.0, 2.0, 0.0, 0.0]]))
    >>> ops.convert_to_numpy(z).tolist()
    [[1.0, 2.0]]

    References:
        Article: kexue.fm 5253
    """

    def __init__(self, samples=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        if samples is not None and (not isinstance(samples, int) or samples < 1):
            raise ValueError(f"`samples` must be a positive int or None; received {samples!r}")
        self.samples, self.seed = samples, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, training=None):
        mean, log_variance = gaussian.split(inputs)
        if self.samples is not None:  # (..., samples, latent)
            mean, log_variance = (ops.repeat(part[..., None, :], self.samples, axis=-2) for part in (mean, log_variance))
        if training:
            mean = gaussian.sample(mean, log_variance, keras.random.normal(ops.shape(mean), seed=self.seed_generator))
        return ops.cast(mean, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        latent = input_shape[-1] // 2
        return (*input_shape[:-1], latent) if self.samples is None else (*input_shape[:-1], self.samples, latent)
