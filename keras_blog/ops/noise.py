r"""Noise distributions over classes, from which negative samples are drawn.

A distribution is kept as how many of :math:`2^{30}` equal lots each class holds, at least one. A uniform int and a binary
search among the running totals draw from it on every backend, and its logarithm is that of just these integers: so what is
drawn and what is corrected for do not differ by a rounding.

References:
    Article: kexue.fm 5617
"""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

__all__ = ["LOTS", "Noise", "distribution", "draw", "log_probability", "unigram"]

LOTS = 2**30


class Noise(NamedTuple):
    """A distribution: running totals of the lots, int32, rising to `LOTS`; log-probabilities, float32. Both `(classes,)`."""

    totals: np.ndarray
    logs: np.ndarray


def unigram(counts, power=0.75):
    """Probabilities from how often each class occurs, `counts ** power`, normalised.

    Args:
        counts: positive numbers, shape `(classes,)`. A class that never occurs has to get a count too, such as 1.
        power: 1 for the frequencies themselves, 0 for the uniform distribution; .75 is that of word2vec.

    Returns:
        float64 NumPy, shape `(classes,)`.

    Raises:
        ValueError: if a count is not a positive number.

    Example:
    >>> print(unigram([1, 16]).round(3))
    [0.111 0.889]

    References:
        Paper: Mikolov et al., Distributed Representations of Words and Phrases, arXiv:1310.4546, section 2.2
    """
    counts = _positive("counts", counts)
    probabilities = (counts / counts.max()) ** power
    return probabilities / probabilities.sum()


def distribution(noise, classes):
    """The distribution that `noise` names or holds.

    Args:
        noise: `"uniform"`; `"log_uniform"`, where class i has probability proportional to `log((i + 2) / (i + 1))`, which
            suits classes in order of falling frequency; or positive numbers proportional to the probabilities, shape
            `(classes,)`.
        classes: their number, at most 2**24.

    Returns:
        A `Noise` of NumPy arrays.

    Raises:
        ValueError: if `noise` is none of these. A class without noise cannot be learned: its logit is infinite.

    Example:
    >>> print(distribution([3.0, 1.0], 2).totals / LOTS)
    [0.75 1.  ]
    """
    if isinstance(noise, str):
        if noise not in ("uniform", "log_uniform"):
            raise ValueError(f'`noise` must be "uniform", "log_uniform" or an array of probabilities; received {noise!r}')
        noise = np.ones(classes) if noise == "uniform" else np.log1p(1 / np.arange(1.0, classes + 1))
    noise = _positive("noise", noise)
    if noise.shape != (classes,):
        raise ValueError(f"`noise` must have shape ({classes},), one number a class; received {noise.shape}")
    shares = noise / noise.sum() * (LOTS - classes)
    lots = np.floor(shares).astype("int64")
    short = LOTS - classes - lots.sum()
    lots[np.argsort(lots - shares, kind="stable")[:short]] += 1  # to those that were rounded down most
    lots += 1
    return Noise(np.cumsum(lots).astype("int32"), np.log(lots / LOTS).astype("float32"))


def draw(noise, count, seed):
    """`count` class ids of a `Noise`, int32, drawn with replacement; `seed` as in `keras.random`."""
    lots = keras.random.randint((count,), 0, LOTS, dtype="int32", seed=seed)
    return ops.cast(ops.searchsorted(ops.convert_to_tensor(noise.totals), lots, side="right"), "int32")


def log_probability(noise, ids=None):
    """Log-probabilities of int `ids` in nats, float32, of their shape; of all classes without `ids`."""
    logs = ops.convert_to_tensor(noise.logs)
    return logs if ids is None else ops.take(logs, ids, axis=0)


def _positive(name, values):
    values = np.asarray(values, "float64")
    if values.ndim != 1 or not values.size or not np.all(np.isfinite(values) & (values > 0)):
        raise ValueError(f"`{name}` must be positive numbers, one a class; received {_shown(values)}")
    return values


def _shown(values):
    bad = values[~(np.isfinite(values) & (values > 0))]
    return f"shape {values.shape}" + (f" with {bad.size} others, such as {bad[0]}" if bad.size else "")
