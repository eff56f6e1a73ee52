"""Class frequencies: estimated, put into scores, taken out of them."""

import numpy as np
from keras import ops


def class_prior(labels, classes, smoothing=0.0):
    """Share of each class in labels; the prior of training, so count what training sees, after any resampling.

    Args:
        labels: int class ids of any shape, -1 left out; or one-hot or soft labels, shape `(..., classes)`, floats.
        classes: number of classes.
        smoothing: added to each count before dividing (Laplace). 0 keeps classes without a sample at 0; see `log_prior`.

    Returns:
        NumPy float64, shape `(classes,)`, sum 1.

    Raises:
        ValueError: if an id is not a class, or there is nothing to count.

    Example:
    >>> print(class_prior([0, 0, 2, 0, -1], 3).tolist())
    [0.75, 0.0, 0.25]

    References:
        Article: kexue.fm 7615
    """
    labels = np.asarray(labels)
    if labels.dtype.kind == "f":
        if labels.shape[-1:] != (classes,):
            raise ValueError(f"`labels` must be ints, or have {classes} columns; received shape {labels.shape}")
        counts = labels.reshape(-1, classes).astype("float64").clip(0).sum(0)
    else:
        ids = labels[labels != -1]
        if ids.size and (ids.min() < 0 or ids.max() >= classes):
            raise ValueError(f"`labels` must lie in [-1, {classes - 1}]; received values from {ids.min()} to {ids.max()}")
        counts = np.bincount(ids.ravel(), minlength=classes).astype("float64")
    counts += smoothing
    if not counts.sum() > 0:
        raise ValueError("`labels` must hold at least one label; received none")
    return counts / counts.sum()


def log_prior(prior):
    """Logarithms of class shares, finite.

    A class that never occurs is taken to have half the share of the rarest class that does: of counts, half a sample if that
    has one. The rule is the same for counts and for shares; a constant like 1e-8 would not be, and decides such classes alone.

    Args:
        prior: shares or counts, at least 0, shape `(classes,)`.

    Returns:
        NumPy float64, shape `(classes,)`; the exponentials sum to 1.

    Raises:
        ValueError: if the shape is another, or a value is negative or not finite, or all are 0.

    Example:
    >>> print(np.exp(log_prior([3, 1, 0])).round(4).tolist())  # 3, 1 and 1/2 of 4.5
    [0.6667, 0.2222, 0.1111]
    """
    prior = np.asarray(prior, "float64")
    if prior.ndim != 1 or not np.isfinite(prior).all() or (prior < 0).any() or not prior.any():
        raise ValueError(f"`prior` must be shares or counts, at least 0, not all 0, shape (classes,); received {prior}")
    prior = np.where(prior > 0, prior, prior[prior > 0].min() / 2)
    return np.log(prior) - np.log(prior.sum())


def adjust_logits(logits, prior, tau=1.0, test_prior=None):
    r"""Scores for other class frequencies than those of training: :math:`f - \tau \log p + \tau \log p'`.

    For a model trained with plain cross-entropy; its highest adjusted score has the least balanced error. One trained with
    `losses.logit_adjusted`, or read before `layers.PriorBias`, is adjusted already: done twice, it would prefer rare classes.
    To such scores a test prior is added with uniform `prior`.

    Args:
        logits: scores, shape `(..., classes)`.
        prior: shares or counts of the classes in training; see `log_prior` for those that never occur.
        tau: strength; 1 is Bayes's rule, the best on a validation set may be another.
        test_prior: shares or counts where the model is used; uniform by default.

    Returns:
        Scores of the same shape.

    Raises:
        ValueError: if a prior is not valid, or has another number of classes.

    Example:
    >>> adjusted = adjust_logits([[2.0, 1.0, 0.5]], [0.7, 0.2, 0.1])
    >>> int(ops.argmax(adjusted[0]))
    2

    References:
        Article: kexue.fm 7615
        Paper: Menon et al., Long-tail Learning via Logit Adjustment, arXiv:2007.07314, eq. 9
    """
    logits = ops.convert_to_tensor(logits)
    change = -log_prior(prior)
    if test_prior is not None:
        change = change[: len(log_prior(test_prior))] + log_prior(test_prior)[: len(change)]
    if logits.shape[-1] != len(change) or (test_prior is not None and len(test_prior) != len(prior)):
        raise ValueError(f"`prior` must have a value a class, {logits.shape[-1]}; received {len(prior)}")
    return logits + ops.cast(ops.convert_to_tensor(tau * change), logits.dtype)


def estimate_test_prior(logits, prior, steps=1000):
    """Class shares of a test set without labels, from the scores of a model of known training prior.

    Expectation maximisation: average the adjusted probabilities, adjust by their average, until it stands still. Right where
    only the class shares have changed and the probabilities are calibrated.

    Args:
        logits: scores of the test samples, by plain cross-entropy, shape `(samples, classes)`.
        prior: shares or counts of the classes in training.
        steps: at most.

    Returns:
        NumPy float64, shape `(classes,)`, sum 1.

    References:
        Paper: Saerens, Latinne, Decaestecker, Adjusting the Outputs of a Classifier to New a Priori Probabilities, 2002
    """
    scores = np.asarray(ops.convert_to_numpy(logits), "float64") - log_prior(prior)
    shares = np.exp(log_prior(prior))
    for _ in range(steps):
        weights = np.exp(scores - scores.max(-1, keepdims=True)) * shares
        before, shares = shares, np.mean(weights / weights.sum(-1, keepdims=True), axis=0)
        if np.abs(shares - before).max() < 1e-9:
            break
    return shares


def head_medium_tail(counts, head=100, tail=20):
    """Class ids by the number of training samples: more than `head`, less than `tail`, and between.

    Example:
    >>> print(head_medium_tail([500, 50, 3, 100]))
    {'head': [0], 'medium': [1, 3], 'tail': [2]}

    References:
        Paper: Liu et al., Large-Scale Long-Tailed Recognition in an Open World, arXiv:1904.05160
    """
    counts = np.asarray(counts)
    if counts.ndim != 1 or not tail <= head:
        raise ValueError(f"`counts` must have shape (classes,), and `tail` be at most `head`; received {counts.shape}")
    groups = {"head": counts > head, "medium": (counts >= tail) & (counts <= head), "tail": counts < tail}
    return {name: np.flatnonzero(group).tolist() for name, group in groups.items()}
