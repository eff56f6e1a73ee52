"""Multiplicative angular margin."""

import keras

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import margin_softmax


def sphereface(y_true, y_pred, scale=30.0, margin=4.0):
    r"""Softmax cross-entropy with the angle of the own class multiplied, in the monotone form; also known as A-Softmax.

    .. math:: \psi = (-1)^k \cos m\theta_y - 2k, \qquad k = \lfloor m\theta_y / \pi \rfloor

    The plain :math:`\cos m\theta` rises and falls `m` times and would reward samples far from their class. A margin of 4 is
    hard to start from: `layers.MarginSchedule` can lead there from 1. Features are normalised here, unlike in the paper; so
    there is a scale.

    Args:
        y_true: int class ids, shape `(batch,)`, -1 for none; or one-hot or soft labels, shape `(batch, classes)`.
        y_pred: cosines in `[-1, 1]`, shape `(batch, classes)`, as of `layers.CosineDense`.
        scale: inverse temperature; None: what `layers.MarginSchedule` put into `y_pred`.
        margin: factor of the angle, `m` in the paper, 1 or more, not only whole numbers; None: as for `scale`.

    Returns:
        Loss in nats, shape `(batch,)`; 0 for samples without a class.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> loss = sphereface([0], [[0.0, 0.0]], scale=1.0, margin=2.0)
    >>> print(f"{float(loss[0]):.4f}")  # log(1 + e), for cos(2 * pi / 2) = -1
    1.3133

    References:
        Article: kexue.fm 5743
        Paper: Liu et al., SphereFace: Deep Hypersphere Embedding for Face Recognition, arXiv:1704.08063, eq. 7
    """
    cosines, scale, margin = margin_softmax.read_settings(y_pred, scale, margin)
    return margin_softmax.margin_softmax(y_true, cosines, margin_softmax.combined(m1=margin), scale)


@keras.saving.register_keras_serializable("keras_blog")
class SphereFace(SampleLoss):
    """Loss form of `sphereface`; see there."""

    def __init__(self, scale=30.0, margin=4.0, reduction="sum_over_batch_size", name="sphereface", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        margin_softmax.check_number("scale", scale, 1e-3, 1e4)
        margin_softmax.check_number("margin", margin, 1.0, 16.0)
        self.scale, self.margin = scale, margin

    def call(self, y_true, y_pred):
        return sphereface(y_true, y_pred, self.scale, self.margin)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "margin": self.margin}
