"""Batch normalisation that the noise scales and shifts."""

import keras

from keras_blog.layers.modulated_normalization import ModulatedNormalization


@keras.saving.register_keras_serializable("keras_blog")
class SelfModulatedBatchNormalization(ModulatedNormalization):
    r"""Batch normalisation, then :math:`(1 + \gamma(z)) x + \beta(z)`, both of the noise z.

    .. math:: (\gamma, \beta) = W_2 \, \mathrm{relu}(W_1 z + b_1) + b_2

    The second weights start at 0, so the layer starts as a plain batch normalisation.

    Args:
        hidden: units of the hidden layer.
        momentum: of the moving mean and variance.
        epsilon: added to the variance.

    Call arguments:
        inputs: shape `(batch, ..., channels)`.
        condition: the noise, shape `(batch, latent)`.
        training: whether to use the statistics of the batch.

    Returns:
        The shape of `inputs`.

    Raises:
        ValueError: if `hidden` is not a positive int, or a shape does not fit.

    References:
        Article: kexue.fm 6549
        Paper: Chen et al., On Self Modulation for Generative Adversarial Networks, arXiv:1810.01365
    """

    def __init__(self, hidden=32, momentum=0.99, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(hidden, int) or hidden < 1:
            raise ValueError(f"`hidden` must be a positive int; received {hidden!r}")
        self.hidden, self.momentum, self.epsilon = hidden, momentum, epsilon
        options = {"center": False, "scale": False, "name": "normalization", "dtype": self.dtype_policy}
        self.normalization = keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon, **options)

    def build_factors(self, channels, condition_shape):
        if len(condition_shape) != 2:
            raise ValueError(f"`condition` must have shape (batch, latent); received {condition_shape}")
        self.first = keras.layers.Dense(self.hidden, "relu", name="first", dtype=self.dtype_policy)
        self.second = keras.layers.Dense(2 * channels, kernel_initializer="zeros", name="second", dtype=self.dtype_policy)
        self.first.build(condition_shape)
        self.second.build((condition_shape[0], self.hidden))

    def factors(self, condition):
        return self.second(self.first(condition))
