"""Additive angular margin."""

import keras

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import margin_softmax


def arcface(y_true, y_pred, scale=64.0, margin=0.5):
    r"""Softmax cross-entropy with a margin added to the angle of the own class, :math:`\psi = \cos(\theta_y + m)`.

    The margin is the same angle wherever the sample stands. Past :math:`\theta_y + m = \pi`, where the cosine would rise again,
    :math:`\psi = -\cos(\theta_y + m) - 2` goes on falling without a jump; and the gradient is finite at cosines of 1 and -1.

    Args:
        y_true: int class ids, shape `(batch,)`, -1 for none; or one-hot or soft labels, shape `(batch, classes)`.
        y_pred: cosines in `[-1, 1]`, shape `(batch, classes)`, as of `layers.CosineDense`.
        scale: inverse temperature, `s` in the paper; None: what `layers.MarginSchedule` put into `y_pred`.
        margin: in radians, `m` in the paper; None: as for `scale`.

    Returns:
        Loss in nats, shape `(batch,)`; 0 for samples without a class.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> loss = arcface([0], [[1.0, 0.0]], scale=1.0, margin=0.5)
    >>> print(f"{float(loss[0]):.4f}")  # log(1 + exp(-cos 0.5))
    0.3477

    References:
        Article: kexue.fm 5743
        Paper: Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, arXiv:1801.07698, eq. 3
    """
    cosines, scale, margin = margin_softmax.read_settings(y_pred, scale, margin)
    return margin_softmax.margin_softmax(y_true, cosines, margin_softmax.combined(m2=margin), scale)


@keras.saving.register_keras_serializable("keras_blog")
class ArcFace(SampleLoss):
    """Loss form of `arcface`; see there."""

    def __init__(self, scale=64.0, margin=0.5, reduction="sum_over_batch_size", name="arcface", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        margin_softmax.check_number("scale", scale, 1e-3, 1e4)
        margin_softmax.check_number("margin", margin, 0.0, 3.2)
        self.scale, self.margin = scale, margin

    def call(self, y_true, y_pred):
        return arcface(y_true, y_pred, self.scale, self.margin)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "margin": self.margin}
