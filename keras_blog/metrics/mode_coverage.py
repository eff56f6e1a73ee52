"""How many modes of a known mixture a generator has found."""

import numpy as np

from keras_blog.metrics.frechet_distance import checked


def mode_coverage(samples, centers, radius, least=1):
    """Modes found, and the share of samples that are near one.

    Args:
        samples: floats, shape `(samples, dim)`.
        centers: of the modes, shape `(modes, dim)`.
        radius: a sample this near to its nearest center is good; three standard deviations are usual.
        least: good samples that a mode must have.

    Returns:
        A dict: `modes`, the number found; `quality`, the share of good samples; `divergence`, the Kullback-Leibler divergence
        of the good samples over the modes from the uniform distribution, in nats, which is log(modes) where there is none.

    Raises:
        ValueError: if the shapes do not fit, or a number is not positive.

    Example:
    >>> mode_coverage([[0.0], [0.1], [5.0]], [[0.0], [9.0]], radius=0.5)["modes"]
    1

    References:
        Paper: Srivastava et al., VEEGAN, arXiv:1705.07761
    """
    samples, centers = checked(samples, centers, 1)
    if not radius > 0 or not least > 0:
        raise ValueError(f"`radius` and `least` must be positive; received {radius!r} and {least!r}")
    distances = np.linalg.norm(samples[:, None] - centers, axis=-1)
    good = distances.min(1) <= radius
    counts = np.bincount(distances.argmin(1)[good], minlength=len(centers))
    shares = counts[counts > 0] / max(counts.sum(), 1)
    divergence = np.log(len(centers)) + np.sum(shares * np.log(shares))
    return {"modes": int(np.sum(counts >= least)), "quality": float(good.mean()), "divergence": float(divergence)}
