"""The article's simpler angular margin, made monotone."""

import keras

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import margin_softmax


def simpler_a_softmax(y_true, y_pred, scale=30.0, margin=4):
    r"""Softmax cross-entropy with :math:`\psi = \cos m\theta_y` as a polynomial of the cosine: no angles.

    The article takes :math:`\min(\cos m\theta, \cos\theta)`, which is not monotone: for `m = 4` a sample at 78 degrees of its
    class beats one at 26. Here the polynomial holds up to its first minimum, :math:`\theta = \pi / m`, as in the article; from
    there :math:`\psi = \cos\theta - \cos(\pi / m) - 1`, which goes on from -1 without a jump, and learns
    as fast as a plain softmax.

    Args:
        y_true: int class ids, shape `(batch,)`, -1 for none; or one-hot or soft labels, shape `(batch, classes)`.
        y_pred: cosines in `[-1, 1]`, shape `(batch, classes)`, as of `layers.CosineDense`.
        scale: inverse temperature, `s` in the article; None: what `layers.MarginSchedule` put into `y_pred`.
        margin: factor of the angle, `m` in the article, an int.

    Returns:
        Loss in nats, shape `(batch,)`; 0 for samples without a class.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> loss = simpler_a_softmax([0], [[0.9, 0.2, -0.1, 0.5]])
    >>> print(f"{float(loss[0]):.4f}")  # 30 (0.5 - cos 4 theta), nearly
    21.9361

    References:
        Article: kexue.fm 5743
    """
    cosines, scale, _ = margin_softmax.read_settings(y_pred, scale)
    return margin_softmax.margin_softmax(y_true, cosines, margin_softmax.polynomial(margin), scale)


@keras.saving.register_keras_serializable("keras_blog")
class SimplerASoftmax(SampleLoss):
    """Loss form of `simpler_a_softmax`; see there."""

    def __init__(self, scale=30.0, margin=4, reduction="sum_over_batch_size", name="simpler_a_softmax", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        margin_softmax.check_number("scale", scale, 1e-3, 1e4)
        if not isinstance(margin, int) or not 2 <= margin <= 16:
            raise ValueError(f"`margin` must be an int from 2 to 16; received {margin!r}")
        self.scale, self.margin = scale, margin

    def call(self, y_true, y_pred):
        return simpler_a_softmax(y_true, y_pred, self.scale, self.margin)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "margin": self.margin}
