"""How far the figures of several seeds lie apart."""

import numpy as np


def sample_deviation(values):
    """Standard deviation of what the values are a sample of, 0.0 of a single one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
