"""Softmax of scaled cosines, without a margin."""

import keras

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import margin_softmax


def normalized_softmax(y_true, y_pred, scale=30.0):
    """Softmax cross-entropy of cosines times `scale`: what the margins are to be compared with.

    Cosines alone span too little for a softmax: among 1,000 classes the best sample would have a loss of 5 nats.

    Args:
        y_true: int class ids, shape `(batch,)`, -1 for none; or one-hot or soft labels, shape `(batch, classes)`.
        y_pred: cosines in `[-1, 1]`, shape `(batch, classes)`, as of `layers.CosineDense`.
        scale: inverse temperature, `s` in the article; None: what `layers.MarginSchedule` put into `y_pred`.

    Returns:
        Loss in nats, shape `(batch,)`; 0 for samples without a class.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> loss = normalized_softmax([0], [[1.0, 0.0]], scale=2.0)
    >>> print(f"{float(loss[0]):.4f}")  # log(1 + exp(-2))
    0.1269

    References:
        Article: kexue.fm 5743
    """
    cosines, scale, _ = margin_softmax.read_settings(y_pred, scale)
    return margin_softmax.margin_softmax(y_true, cosines, margin_softmax.combined(), scale)


@keras.saving.register_keras_serializable("keras_blog")
class NormalizedSoftmax(SampleLoss):
    """Loss form of `normalized_softmax`; see there."""

    def __init__(self, scale=30.0, reduction="sum_over_batch_size", name="normalized_softmax", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        margin_softmax.check_number("scale", scale, 1e-3, 1e4)
        self.scale = scale

    def call(self, y_true, y_pred):
        return normalized_softmax(y_true, y_pred, self.scale)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}
