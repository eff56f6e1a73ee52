r"""Softmax cross-entropy over cosines, with a margin on that of the sample's own class.

.. math:: L = -\log \frac{e^{s\psi(c_y)}}{e^{s\psi(c_y)} + \sum_{j \ne y} e^{s c_j}}
    = \mathrm{softplus}\left(\log\sum_{j \ne y} e^{s c_j} - s\psi(c_y)\right)

The second form is exact where the probability of the own class nears 1. A margin is a function
`psi(cosines) -> (values, slopes)`, its values at or below the cosines. The slopes stand beside them because those of angles
are infinite at cosines of 1 and -1; here they are bounded.

References:
    Article: kexue.fm 5743
"""

import math

import numpy as np
from keras import ops

from keras_blog.ops.recurrence import compiled

LEAST_SINE = 1e-3  # bounds the slope of an angle, 1 / sin, at both ends


def combined(m1=1.0, m2=0.0, m3=0.0):
    r"""The margin :math:`\psi = \cos(m_1\theta + m_2) - m_3`, monotone in the angle over all of [0, π].

    Past a half turn the cosine would rise again and reward the worst samples. There :math:`(-1)^k\cos\varphi - 2k`, after `k`
    half turns of :math:`\varphi = m_1\theta + m_2`, goes on falling, without a jump or a kink.
    """
    if isinstance(m1, (int, float)) and m1 == 1 and isinstance(m2, (int, float)) and m2 == 0:
        return lambda cosines: (cosines - m3, ops.ones_like(cosines))

    def psi(cosines):
        cosines = ops.clip(cosines, -1.0, 1.0)
        square = (1.0 - cosines) * (1.0 + cosines)
        value, _ = _turned(ops.arctan2(ops.sqrt(square), cosines), m1, m2)
        sine = ops.sqrt(ops.maximum(square, LEAST_SINE**2))
        _, fall = _turned(ops.arctan2(sine, cosines), m1, m2)
        return value - m3, m1 * fall / sine

    return psi


def polynomial(m):
    r"""The margin :math:`\psi = \cos m\theta` as a polynomial of the cosine, for angles up to :math:`\pi / m`.

    Where :math:`\cos m\theta` would rise again, the cosine itself goes on, lowered so that nothing jumps: the slope is 1 there.
    """

    def psi(cosines):
        edge = math.cos(math.pi / m)
        low, high, slope_low, slope_high = ops.ones_like(cosines), cosines, ops.zeros_like(cosines), ops.ones_like(cosines)
        for _ in range(m - 1):  # Chebyshev's recursion, and its derivative
            low, high = high, 2.0 * cosines * high - low
            slope_low, slope_high = slope_high, 2.0 * low + 2.0 * cosines * slope_high - slope_low
        near = cosines >= edge
        return ops.where(near, high, cosines - (1.0 + edge)), ops.where(near, slope_high, ops.ones_like(cosines))

    return psi


def margin_softmax(y_true, y_pred, psi, scale):
    """The loss above for labels of any kind.

    Args:
        y_true: int class ids, shape `(batch,)`, -1 for samples without a class; or one-hot or soft labels, shape
            `(batch, classes)`. A label `t` between 0 and 1 takes that share of the margin, `c + t (psi(c) - c)`.
        y_pred: cosines, shape `(batch, classes)`.
        psi: the margin.
        scale: inverse temperature `s`, a number, or one a sample, shape `(batch,)`.

    Returns:
        Loss in nats, float32, shape `(batch,)`; 0 for samples without a class.

    Raises:
        ValueError: if the shapes do not fit, or ids are no ints.
    """
    cosines = ops.cast(ops.convert_to_tensor(y_pred), "float32")
    if len(cosines.shape) != 2:
        raise ValueError(f"`y_pred` must be cosines of shape (batch, classes); received shape {tuple(cosines.shape)}")
    labels = check_labels(y_true, *cosines.shape)
    if cosines.shape[0] == 0:
        return ops.sum(cosines, axis=1)
    scale = ops.cast(scale, "float32") * ops.ones_like(cosines[:, 0])
    return _of_ids(labels, cosines, psi, scale) if len(labels.shape) == 1 else _of_shares(labels, cosines, psi, scale)


def check_labels(y_true, batch, classes):
    """`y_true` as int32 ids `(batch,)`, or as float32 shares `(batch, classes)`; both sizes may be None."""
    labels = ops.convert_to_tensor(y_true)
    shape = tuple(labels.shape)
    ids = len(shape) == 1
    if len(shape) not in (1, 2) or not all(
        a is None or b is None or a == b for a, b in zip(shape, (batch, classes), strict=False)
    ):
        raise ValueError(
            f"`y_true` must be ids of shape ({batch},) or labels of shape ({batch}, {classes}); received shape {shape}"
        )
    if not ids:
        return ops.cast(labels, "float32")
    if "int" not in str(labels.dtype):
        raise ValueError(f"`y_true` of shape (batch,) must be int ids; received {labels.dtype}")
    if isinstance(y_true, np.ndarray) and y_true.size and classes and not -1 <= y_true.min() <= y_true.max() < classes:
        raise ValueError(f"`y_true` must lie in [-1, {classes - 1}]; received ids from {y_true.min()} to {y_true.max()}")
    return ops.cast(labels, "int32")


def append_settings(cosines, scale, margin):
    """Scale and margin as two more columns, stored as `-2 - value`: below every cosine, where no argmax sees them."""
    columns = [-2.0 - ops.cast(value, cosines.dtype) * ops.ones_like(cosines[:, :1]) for value in (scale, margin)]
    return ops.concatenate([cosines, *columns], axis=1)


def read_settings(y_pred, scale, margin=0.0):
    """`(cosines, scale, margin)`: what is None comes from the columns of `append_settings`, one value a sample."""
    y_pred = ops.convert_to_tensor(y_pred)
    if (scale is not None and margin is not None) or len(y_pred.shape) != 2:
        return y_pred, scale, margin
    stored = ops.stop_gradient(-2.0 - ops.cast(y_pred[:, -2:], "float32"))
    return y_pred[:, :-2], stored[:, 0] if scale is None else scale, stored[:, 1] if margin is None else margin


def check_number(name, value, low, high):
    """Refuse a setting outside `[low, high]`; None and tensors pass."""
    if isinstance(value, (str, bool)) or (isinstance(value, (int, float)) and not low <= value <= high):
        raise ValueError(f"`{name}` must be a number in [{low}, {high}]; received {value!r}")


def check_combined(m1, m2, m3, scale):
    """Refuse numbers that make no combined margin."""
    for name, value, low, high in (
        ("m1", m1, 1.0, 16.0),
        ("m2", m2, 0.0, 3.2),
        ("m3", m3, 0.0, 2.0),
        ("scale", scale, 1e-3, 1e4),
    ):
        check_number(name, math.nan if value is None else value, low, high)


def loss_of(others, target, labels):
    """`softplus(others - target)` where there is a label: `others` is log-sum-exp of the other logits, `target` the own one."""
    return ops.where(labels >= 0, ops.softplus(others - target), 0.0)


def _of_ids(labels, cosines, psi, scale):
    @ops.custom_gradient
    def loss(cosines):
        own = ops.take_along_axis(cosines, ops.maximum(labels, 0)[:, None], axis=1)[:, 0]
        target, slope = psi(own)
        others = _log_sum_of_others(cosines, labels, scale)

        def backward(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            wrong = scale * upstream * ops.cast(labels >= 0, "float32") * ops.sigmoid(others - scale * target)
            return _gradient(cosines, labels, scale, others, wrong, slope * wrong)

        return loss_of(others, scale * target, labels), backward

    return loss(cosines)


def _of_shares(shares, cosines, psi, scale):
    @ops.custom_gradient
    def lowered(cosines):
        values, slopes = psi(cosines)
        return values, lambda *args, upstream=None: (args[0] if upstream is None else upstream) * slopes

    logits = scale[:, None] * (cosines + shares * (lowered(cosines) - cosines))
    return ops.sum(shares * (ops.logsumexp(logits, axis=-1, keepdims=True) - logits), axis=-1)


@compiled
def _log_sum_of_others(cosines, labels, scale):
    logits = ops.where(_is_own(cosines, labels), -1e30, scale[:, None] * cosines)
    top = ops.max(logits, axis=1)
    return ops.log(ops.sum(ops.exp(logits - top[:, None]), axis=1)) + top


@compiled
def _gradient(cosines, labels, scale, others, wrong, own):
    powers = ops.exp(scale[:, None] * cosines - others[:, None]) * wrong[:, None]
    return ops.where(_is_own(cosines, labels), -own[:, None], powers)


def _is_own(cosines, labels):
    return ops.arange(cosines.shape[1], dtype="int32") == labels[:, None]


def _turned(theta, m1, m2):
    """Cosine of `m1 theta + m2`, going on past half turns as above, and minus its derivative in that angle."""
    phi = m1 * theta + m2
    turns = ops.floor(phi / math.pi)
    sign = 1.0 - 2.0 * (turns - 2.0 * ops.floor(turns / 2.0))
    return sign * ops.cos(phi) - 2.0 * turns, sign * ops.sin(phi)
