"""How many latent dimensions are in use."""

import numpy as np


def active_units(means, threshold=0.01):
    """Latent dimensions whose posterior mean varies over the data; the others have collapsed to the prior.

    Args:
        means: of the posteriors, NumPy, shape `(n, latent)`, as `models.VAE.encode` gives them.
        threshold: the variance above which a dimension is active.

    Returns:
        An int.

    Example:
    >>> active_units(np.array([[1.0, 0.001], [-1.0, 0.0]]))
    1

    References:
        Article: kexue.fm 5253
        Paper: Burda, Grosse, Salakhutdinov, arXiv:1509.00519, section 5.2
    """
    return int(np.sum(np.var(np.asarray(means, "float64"), axis=0) > threshold))
