"""Layer normalization whose scale and shift follow from a condition."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class ConditionalLayerNormalization(keras.layers.Layer):
    r"""Normalises over the last axis, then scales by :math:`1 + \gamma(c)` and shifts by :math:`\beta(c)`.

    Both are linear in the condition c, or, with `hidden`, in `relu(W c + b)`, the self-modulated form. They start at 0, so the
    layer starts as a plain layer normalization.

    Args:
        hidden: units between condition, scale and shift; none by default.
        epsilon: added to the variance.

    Call arguments:
        inputs: shape `(batch, ..., dim)`.
        condition: shape `(batch, features)`.

    Returns:
        Shape of `inputs`.

    Example:
    >>> y = ConditionalLayerNormalization()(ops.convert_to_tensor([[[1.0, 3.0]]]), ops.ones((1, 4)))
    >>> print([f"{value:.3f}" for value in ops.convert_to_numpy(y)[0, 0]])
    ['-1.000', '1.000']

    References:
        Article: kexue.fm 5861
        Paper: Chen et al., On Self Modulation for Generative Adversarial Networks, arXiv:1810.01365
    """

    def __init__(self, hidden=None, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        if hidden is not None and (not isinstance(hidden, int) or isinstance(hidden, bool) or not 1 <= hidden <= 65536):
            raise ValueError(f"`hidden` must be an int from 1 to 65536, or None; received {hidden!r}")
        if not 0 < epsilon < 1:
            raise ValueError(f"`epsilon` must lie in (0, 1); received {epsilon!r}")
        self.hidden, self.epsilon = hidden, epsilon
        self.supports_masking = True

    def build(self, inputs_shape, condition_shape):
        if len(condition_shape) != 2:
            raise ValueError(f"`condition` must have shape (batch, features); received {tuple(condition_shape)}")
        make = {"dtype": self.dtype_policy}
        self.inner = None if self.hidden is None else keras.layers.Dense(self.hidden, "relu", name="inner", **make)
        self.modulation = keras.layers.Dense(2 * inputs_shape[-1], kernel_initializer="zeros", name="modulation", **make)
        shape = condition_shape
        if self.inner is not None:
            self.inner.build(shape)
            shape = (shape[0], self.hidden)
        self.modulation.build(shape)

    def call(self, inputs, condition):
        x = ops.cast(inputs, "float32")
        mean = ops.mean(x, axis=-1, keepdims=True)
        x = x - mean
        x = x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + self.epsilon)
        modulation = self.modulation(condition if self.inner is None else self.inner(condition))
        modulation = ops.reshape(modulation, (-1, *(1,) * (len(inputs.shape) - 2), 2 * inputs.shape[-1]))
        scale, shift = ops.split(modulation, 2, axis=-1)
        return ops.cast(x, self.compute_dtype) * (1.0 + scale) + shift

    def compute_output_shape(self, inputs_shape, condition_shape):
        return inputs_shape

    def get_config(self):
        return {**super().get_config(), "hidden": self.hidden, "epsilon": self.epsilon}
