"""Chains that many tests share: few shapes, so that XLA compiles each function once."""

import numpy as np
from keras import ops

from tests.oracles import Chain

# The example of section 1(g) of the notes: log Z 5.7712…, best path (0, 2, 1, 1).
H = np.array([[1, 0.5, -0.5], [0.2, -0.3, 0.8], [-1, 0.4, 0.6], [0.3, 0.1, -0.2]], "float32")
G = np.array([[0.1, -0.2, 0.3], [0, 0.5, -0.4], [-0.3, 0.2, 0.1]], "float32")

MASKS = np.array(
    [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 0, 0],  # right padding
        [0, 0, 1, 1, 1],  # left padding
        [1, 0, 1, 0, 1],  # holes
        [0, 1, 0, 0, 0],  # one step
        [0, 0, 0, 0, 0],  # none
    ],
    bool,
)
RIGHT_PADDED = np.arange(5) < np.array([5, 3, 4, 2, 1, 0])[:, None]
BATCH, STEPS, TAGS = 6, 5, 3
SPREADS = (1e-3, 1.0, 30.0, 300.0, 1e4)


def random_chain(rng, spread, forbidden=False, tags=TAGS):
    """Emissions `(6, 5, tags)`, transitions, start, end; every sequence keeps at least one allowed path."""
    emissions = (spread * rng.normal(size=(BATCH, STEPS, tags))).astype("float32")
    transitions, start, end = ((spread * rng.normal(size=size)).astype("float32") for size in ((tags, tags), tags, tags))
    if forbidden:
        transitions[rng.random((tags, tags)) < 0.4] = -np.inf
        transitions[np.arange(tags), (np.arange(tags) + 1) % tags] = spread * rng.normal(size=tags)
        start[1] = end[2] = -np.inf
        transitions[0, 0] = transitions[2, 0] = spread  # from 0 or 2, to 0, which may end
        transitions[1, 1] = spread
        start[0] = end[0] = end[1] = 0.0
    return emissions, transitions, start, end


def oracles(emissions, transitions, start=None, end=None, masks=MASKS):
    """One enumeration a sequence."""
    return [Chain(row, transitions, start, end, mask) for row, mask in zip(emissions, masks, strict=True)]


def numpy(tensor):
    return ops.convert_to_numpy(tensor)
