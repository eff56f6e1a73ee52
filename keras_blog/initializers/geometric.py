"""Weights that keep lengths and angles."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class Geometric(keras.initializers.VarianceScaling):
    r"""Normal weights that are nearly an isometry: the output is as long as the input.

    Random vectors of high dimension are nearly orthogonal, so a matrix of independent entries of variance 1 / `fan_out` is
    nearly orthogonal too: :math:`\|Wx\| \approx \|x\|`, from m inputs to n outputs up to a relative error of about
    :math:`1 / \sqrt{2n}`, and angles are kept where n is at least m. LeCun's 1 / `fan_in` keeps the size of a component
    instead. An activation shortens the vector; the variance is divided by :math:`E[\varphi(z)^2]` over normal z, which for ReLU
    gives 2 / `fan_out`.

    Args:
        activation: what follows the weights: a Keras name such as `"relu"`, or a registered function of a tensor; `None` for
            nothing.
        seed: int, or a `keras.random.SeedGenerator`.

    Raises:
        ValueError: if the activation is 0 everywhere, or not finite.

    Example:
    >>> layer = keras.layers.Dense(1000, activation="relu", kernel_initializer=Geometric("relu", seed=1))
    >>> length = float(ops.stop_gradient(ops.norm(layer(ops.ones((1, 400))))))
    >>> 18 < length < 22  # from a vector of length 20
    True

    References:
        Articles: kexue.fm 7180, 7076
    """

    def __init__(self, activation=None, seed=None):
        self.activation = keras.activations.get(activation)
        scale = 1.0 if activation is None else 1.0 / _mean_square(self.activation)
        super().__init__(scale, "fan_out", "untruncated_normal", seed)

    def get_config(self):
        activation = None if self.activation is keras.activations.linear else keras.activations.serialize(self.activation)
        return {"activation": activation, "seed": super().get_config()["seed"]}


def _mean_square(activation):
    """`E[activation(z) ** 2]` over a standard normal z, as a sum over a fine grid that has 0 between two points."""
    z = np.arange(-12, 12, 1 / 512) + 1 / 1024
    values = ops.convert_to_numpy(activation(ops.convert_to_tensor(z.astype("float32")))).astype("float64")
    found = float((values**2 * np.exp(-0.5 * z**2)).sum() / np.exp(-0.5 * z**2).sum())
    if not 0 < found < 1e6:
        raise ValueError(f"`activation` must have a positive, finite mean square; received {activation!r}, whose is {found}")
    return found
