"""The three margins on angles and cosines in one formula."""

import keras

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import margin_softmax


def combined_margin(y_true, y_pred, m1=1.0, m2=0.3, m3=0.2, scale=64.0):
    r"""Softmax cross-entropy with :math:`\psi = \cos(m_1\theta_y + m_2) - m_3` for the own class.

    `(m, 0, 0)` is `sphereface`, `(1, m, 0)` `arcface`, `(1, 0, m)` `am_softmax`, `(1, 0, 0)` `normalized_softmax`. Past a half
    turn of :math:`m_1\theta_y + m_2` it goes on falling, as `sphereface` does.

    Args:
        y_true: int class ids, shape `(batch,)`, -1 for none; or one-hot or soft labels, shape `(batch, classes)`.
        y_pred: cosines in `[-1, 1]`, shape `(batch, classes)`, as of `layers.CosineDense`.
        m1: factor of the angle, 1 or more.
        m2: added to the angle, in radians.
        m3: taken off the cosine.
        scale: inverse temperature, `s` in the paper.

    Returns:
        Loss in nats, shape `(batch,)`; 0 for samples without a class.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> loss = combined_margin([0], [[1.0, 0.0]], m1=1.0, m2=0.0, m3=1.0, scale=1.0)
    >>> print(f"{float(loss[0]):.4f}")  # log 2
    0.6931

    References:
        Article: kexue.fm 5743
        Paper: Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, arXiv:1801.07698, eq. 4
    """
    return margin_softmax.margin_softmax(y_true, y_pred, margin_softmax.combined(m1, m2, m3), scale)


@keras.saving.register_keras_serializable("keras_blog")
class CombinedMargin(SampleLoss):
    """Loss form of `combined_margin`; see there."""

    def __init__(self, m1=1.0, m2=0.3, m3=0.2, scale=64.0, reduction="sum_over_batch_size", name="combined_margin", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        margin_softmax.check_combined(m1, m2, m3, scale)
        self.m1, self.m2, self.m3, self.scale = m1, m2, m3, scale

    def call(self, y_true, y_pred):
        return combined_margin(y_true, y_pred, self.m1, self.m2, self.m3, self.scale)

    def get_config(self):
        return {**super().get_config(), "m1": self.m1, "m2": self.m2, "m3": self.m3, "scale": self.scale}
