"""The margin losses in slow NumPy, float64, from the formulas; never calls the code under test."""

import numpy as np


def angle(c):
    return np.arccos(np.clip(c, -1, 1))


def turning(phi):
    k = np.floor(phi / np.pi)
    return (-1) ** k * np.cos(phi) - 2 * k


def combined(c, m1, m2, m3):
    return turning(m1 * angle(c) + m2) - m3


def simpler(c, m=4):
    return np.where(angle(c) <= np.pi / m, np.cos(m * angle(c)), c - np.cos(np.pi / m) - 1)


MARGINS = {
    "am_softmax": lambda c, margin=0.35: c - margin,
    "arcface": lambda c, margin=0.5: turning(angle(c) + margin),
    "sphereface": lambda c, margin=4.0: turning(margin * angle(c)),
    "simpler_a_softmax": simpler,
    "normalized_softmax": lambda c: c,
    "combined_margin": lambda c, m1=1.0, m2=0.3, m3=0.2: combined(c, m1, m2, m3),
}


def loss(labels, cosines, psi, scale):
    """For ids, or for shares `(batch, classes)`, of which each takes its part of the margin."""
    cosines = np.asarray(cosines, "float64")
    labels = np.asarray(labels)
    shares = labels if labels.ndim == 2 else (labels[:, None] == np.arange(cosines.shape[1])).astype("float64")
    logits = scale * (cosines + shares * (psi(cosines) - cosines))
    top = logits.max(axis=1, keepdims=True)
    log_z = np.log(np.exp(logits - top).sum(axis=1, keepdims=True)) + top
    return (shares * (log_z - logits)).sum(axis=1)
