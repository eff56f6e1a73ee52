"""Margin softmax over very many classes."""

import keras
from keras import ops

from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.ops import class_centers, margin_softmax


def streamed_margin(y_true, y_pred, m1=1.0, m2=0.0, m3=0.35, scale=30.0, share=1.0):
    r"""Margin softmax as `combined_margin`, without the matrix `(batch, classes)`: exact, or over a share of the classes.

    Exact, the centres pass by in parts, once for the loss and once for its gradient. With a `share`, the softmax runs over the
    classes of the batch and one random class of each `1 / share` neighbours, as in Partial FC: less than the exact loss,
    whose gradient it approaches because the classes far away hardly matter.

    Args:
        y_true: int class ids, shape `(batch,)`, -1 for samples without a class.
        y_pred: packed features and centres, the output of `layers.ClassCenters`.
        m1: factor of the angle.
        m2: added to the angle, in radians.
        m3: taken off the cosine.
        scale: inverse temperature.
        share: of the classes that count as negatives, besides those of the batch; rounded to one in a whole number.

    Returns:
        Loss in nats, shape `(batch,)`; 0 for samples without a class.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> packed = class_centers.pack(ops.array([[1.0, 0.0]]), ops.array([[2.0, 0.0], [0.0, 2.0]]), ops.zeros((2,)))
    >>> loss = streamed_margin([0], packed, m3=0.0, scale=1.0)
    >>> print(f"{float(loss[0]):.4f}")  # log(1 + 1/e)
    0.3133

    References:
        Article: kexue.fm 5743
        Paper: An et al., Partial FC: Training 10 Million Identities on a Single Machine, arXiv:2010.05222
    """
    packed = ops.cast(ops.convert_to_tensor(y_pred), "float32")
    if len(packed.shape) != 2:
        raise ValueError(f"`y_pred` must be packed features and centers of rank 2; received shape {tuple(packed.shape)}")
    shape = ops.convert_to_tensor(y_true).shape
    if len(shape) != 1:
        raise ValueError(f"`y_true` must be int ids of shape (batch,); received shape {tuple(shape)}")
    classes = None if None in (packed.shape[0], shape[0]) else packed.shape[0] - 1 - shape[0]
    labels = margin_softmax.check_labels(y_true, None, classes)
    if labels.shape[0] == 0:
        return ops.zeros((0,))
    psi = margin_softmax.combined(m1, m2, m3)
    return class_centers.streamed_margin_softmax(packed, labels, psi, scale, round(1 / share))


@keras.saving.register_keras_serializable("keras_blog")
class StreamedMargin(SampleLoss):
    """Loss form of `streamed_margin`; see there."""

    def __init__(
        self,
        m1=1.0,
        m2=0.0,
        m3=0.35,
        scale=30.0,
        share=1.0,
        reduction="sum_over_batch_size",
        name="streamed_margin",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        margin_softmax.check_combined(m1, m2, m3, scale)
        margin_softmax.check_number("share", share, 1e-6, 1.0)
        self.m1, self.m2, self.m3, self.scale, self.share = m1, m2, m3, scale, share

    def call(self, y_true, y_pred):
        return streamed_margin(y_true, y_pred, self.m1, self.m2, self.m3, self.scale, self.share)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("m1", "m2", "m3", "scale", "share")}
        return {**super().get_config(), **own}
