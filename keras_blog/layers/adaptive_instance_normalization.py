"""Instance normalisation with the scale and shift of a style."""

import keras

from keras_blog.layers.modulated_normalization import ModulatedNormalization


@keras.saving.register_keras_serializable("keras_blog")
class AdaptiveInstanceNormalization(ModulatedNormalization):
    r"""Each channel of each sample to mean 0 and variance 1, then :math:`(1 + \gamma(w)) x + \beta(w)`, linear in the style w.

    Args:
        epsilon: added to the variance.
        kernel_initializer: of the linear map; with "zeros" the layer starts as plain instance normalisation.

    Call arguments:
        inputs: shape `(batch, ..., channels)`.
        condition: the style, shape `(batch, dim)`.

    Returns:
        The shape of `inputs`.

    Raises:
        ValueError: if a shape does not fit.

    References:
        Article: kexue.fm 6549
        Paper: Huang, Belongie, Arbitrary Style Transfer in Real-time, arXiv:1703.06868
    """

    def __init__(self, epsilon=1e-3, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.epsilon, self.kernel_initializer = epsilon, kernel_initializer
        options = {"center": False, "scale": False, "name": "normalization", "dtype": self.dtype_policy}
        self.normalization = keras.layers.GroupNormalization(-1, epsilon=epsilon, **options)

    def build_factors(self, channels, condition_shape):
        if len(condition_shape) != 2:
            raise ValueError(f"`condition` must have shape (batch, dim); received {condition_shape}")
        options = {"kernel_initializer": self.kernel_initializer, "name": "linear", "dtype": self.dtype_policy}
        self.linear = keras.layers.Dense(2 * channels, **options)
        self.linear.build(condition_shape)

    def normalize(self, inputs, training):
        return self.normalization(inputs)

    def factors(self, condition):
        return self.linear(condition)
