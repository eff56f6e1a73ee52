"""Accuracy of decoded tags, counted by hand."""

import numpy as np

from keras_blog import metrics
from keras_blog.ops import crf
from tests.chains import MASKS, numpy, random_chain

POTENTIALS = numpy(crf.pack(*random_chain(np.random.default_rng(0), 1.0), MASKS))
BEST = numpy(crf.decode(POTENTIALS)[0])
TAGS = np.where(MASKS, (BEST + (np.arange(5) == 2)) % 3, -1)  # wrong at step 2, elsewhere right


def measured(y_true, sample_weight=None):
    metric = metrics.CRFAccuracy()
    metric.update_state(y_true, POTENTIALS, sample_weight)
    return float(metric.result())


def test_share_of_real_steps():
    right, real = MASKS.sum() - MASKS[:, 2].sum(), MASKS.sum()
    np.testing.assert_allclose(measured(TAGS), right / real, rtol=1e-6)
    one_hot = (TAGS[..., None] == np.arange(3)).astype("float32")
    np.testing.assert_allclose(measured(one_hot), right / real, rtol=1e-6)


def test_weights_of_sequences_and_of_steps():
    rows, steps = np.arange(6, dtype="float32"), np.random.default_rng(0).random((6, 5)).astype("float32")
    for weight, full in ((rows, np.repeat(rows[:, None], 5, 1)), (steps, steps)):
        expected = (full * MASKS * (np.arange(5) != 2)).sum() / (full * MASKS).sum()
        np.testing.assert_allclose(measured(TAGS, weight), expected, rtol=1e-6)


def test_nothing_to_count_is_zero():
    assert measured(np.full_like(TAGS, -1)) == 0
