"""Additive-margin softmax."""

import keras

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import margin_softmax


def am_softmax(y_true, y_pred, scale=30.0, margin=0.35):
    r"""Additive-margin softmax cross-entropy.

    Lowers the cosine of the sample's class by `margin` before the softmax, so that classes end up apart and features can be
    compared without the classifier. Also known as CosFace.

    .. math:: -\log \frac{e^{s(\cos\theta_y - m)}}{e^{s(\cos\theta_y - m)} + \sum_{j\ne y} e^{s\cos\theta_j}}

    Args:
        y_true: int class ids, shape `(batch,)`, -1 for samples without a class; or one-hot or soft labels, shape
            `(batch, classes)`, where a label between 0 and 1 takes that share of the margin.
        y_pred: cosines in `[-1, 1]`, shape `(batch, classes)`, as of `layers.CosineDense`.
        scale: inverse temperature, `s` in the article; None: what `layers.MarginSchedule` put into `y_pred`.
        margin: taken off the cosine of the own class, `m` in the article; None: as for `scale`.

    Returns:
        Loss in nats, shape `(batch,)`; 0 for samples without a class.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> loss = am_softmax([0], [[1.0, 0.0]], scale=1.0, margin=0.0)
    >>> print(f"{float(loss[0]):.4f}")  # log(1 + 1/e)
    0.3133

    References:
        Article: kexue.fm 5743
        Paper: Wang et al., Additive Margin Softmax for Face Verification, arXiv:1801.05599, eq. 6
    """
    cosines, scale, margin = margin_softmax.read_settings(y_pred, scale, margin)
    return margin_softmax.margin_softmax(y_true, cosines, margin_softmax.combined(m3=margin), scale)


@keras.saving.register_keras_serializable("keras_blog")
class AMSoftmax(SampleLoss):
    """Loss form of `am_softmax`; see there."""

    def __init__(self, scale=30.0, margin=0.35, reduction="sum_over_batch_size", name="am_softmax", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        margin_softmax.check_number("scale", scale, 1e-3, 1e4)
        margin_softmax.check_number("margin", margin, 0.0, 2.0)
        self.scale, self.margin = scale, margin

    def call(self, y_true, y_pred):
        return am_softmax(y_true, y_pred, self.scale, self.margin)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "margin": self.margin}
