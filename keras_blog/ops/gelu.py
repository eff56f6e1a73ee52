r"""The Gaussian error linear unit :math:`x \Phi(x)`, and the two approximations that checkpoints were trained with.

Which one matters: a model trained with one form and run with another is off by up to 5e-4 (tanh) or 2e-2 (sigmoid) a unit.
Keras's own defaults differ: `keras.activations.gelu` is exact, `keras.ops.gelu` the tanh form. These three say what they are,
and serialise by name: `keras.layers.Dense(64, activation=ops.gelu.tanh)`.

References:
    Article: kexue.fm 7309
    Paper: Hendrycks, Gimpel, Gaussian Error Linear Units, arXiv:1606.08415
"""

import math
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

__all__ = ["CUBIC", "RATE", "Constants", "constants", "erf", "sigmoid", "tanh"]

CUBIC, RATE = 0.044715, 1.702  # as published; `constants` finds more digits


@keras.saving.register_keras_serializable("keras_blog", "gelu_erf")
def erf(x):
    r"""Exactly :math:`\frac{x}{2} (1 + \mathrm{erf}(x / \sqrt 2))`.

    Example:
    >>> print(f"{float(erf(1.0)):.4f} {float(tanh(1.0)):.4f} {float(sigmoid(1.0)):.4f}")
    0.8413 0.8412 0.8458

    References:
        Article: kexue.fm 7309
    """
    x = _floating(x)
    return 0.5 * x * (1.0 + ops.erf(x * math.sqrt(0.5)))


@keras.saving.register_keras_serializable("keras_blog", "gelu_tanh")
def tanh(x):
    r"""The tanh form, :math:`\frac{x}{2} (1 + \tanh(\sqrt{2 / \pi} (x + 0.044715 x^3)))`; at most 4.74e-4 off the exact one.

    References:
        Article: kexue.fm 7309
        Paper: Page, Approximations to the Cumulative Normal Function, Applied Statistics 26, 1977
    """
    x = _floating(x)
    near = ops.clip(x, -10.0, 10.0)  # beyond, tanh is 1 to the last digit, and the cube would leave float16
    return 0.5 * x * (1.0 + ops.tanh(math.sqrt(2 / math.pi) * near * (1.0 + CUBIC * near * near)))


@keras.saving.register_keras_serializable("keras_blog", "gelu_sigmoid")
def sigmoid(x):
    r"""The sigmoid form, :math:`x \sigma(1.702 x)`; at most 2.04e-2 off the exact one.

    References:
        Article: kexue.fm 7309
    """
    x = _floating(x)
    return x * ops.sigmoid(RATE * x)


class Constants(NamedTuple):
    """Of the two approximations: the factor of the cube, and the rate of the sigmoid."""

    cubic: float
    rate: float


def constants():
    r"""Where the published constants come from: the largest error of the approximated distribution function is least.

    The tanh form keeps the slope :math:`a = \sqrt{2 / \pi}` that is right at 0 and takes the b that is least in
    :math:`\max_{0 \le x \le 4} |\mathrm{erf}(x / \sqrt 2) - \tanh(a x + b x^3)|`; `cubic` is b / a. The sigmoid form takes the
    :math:`\lambda` that is least in :math:`\max_x |\Phi(x) - \sigma(\lambda x)|`.

    Returns:
        `Constants`, to seven digits.

    Example:
    >>> found = constants()
    >>> print(f"{found.cubic:.6f} {found.rate:.6f}")
    0.044715 1.701745

    References:
        Article: kexue.fm 7309
    """
    x = np.linspace(0, 4, 16001)
    exact = np.array([math.erf(value) for value in x / math.sqrt(2)])
    slope = math.sqrt(2 / math.pi)
    cubic = _least(lambda b: np.abs(exact - np.tanh(slope * x + b * x**3)).max(), 0.0, 0.1)
    rate = _least(lambda rate: np.abs(exact - np.tanh(rate * x / 2)).max(), 1.0, 3.0)
    return Constants(cubic / slope, rate)


def _least(function, low, high):
    """Where a function with one valley is least, by golden sections."""
    shrink = (math.sqrt(5) - 1) / 2
    while high - low > 1e-10:
        left, right = high - shrink * (high - low), low + shrink * (high - low)
        low, high = (low, right) if function(left) < function(right) else (left, high)
    return (low + high) / 2


def _floating(x):
    x = ops.convert_to_tensor(x)
    return x if "float" in keras.backend.standardize_dtype(x.dtype) else ops.cast(x, keras.config.floatx())
