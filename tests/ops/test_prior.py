import numpy as np
import pytest
from keras import ops

from keras_blog.ops import adjust_logits
from keras_blog.ops.prior import class_prior, estimate_test_prior, head_medium_tail, log_prior

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(5, 3))


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)


def test_adjusting_is_bayes_rule():
    prior, test = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.1, 0.8])
    expected = softmax(LOGITS) * test / prior
    got = softmax(ops.convert_to_numpy(adjust_logits(LOGITS, prior, test_prior=test)))
    np.testing.assert_allclose(got, expected / expected.sum(-1, keepdims=True), rtol=1e-5)
    uniform = ops.convert_to_numpy(adjust_logits(LOGITS, prior, test_prior=[1, 1, 1]))
    np.testing.assert_allclose(softmax(uniform), softmax(ops.convert_to_numpy(adjust_logits(LOGITS, prior))), rtol=1e-5)


def test_a_prior_of_ids_one_hot_and_soft_labels():
    assert class_prior([[0, 1], [1, -1]], 3).tolist() == pytest.approx([1 / 3, 2 / 3, 0])
    assert class_prior(np.eye(3)[[0, 1, 1]], 3).tolist() == pytest.approx([1 / 3, 2 / 3, 0])
    assert class_prior(np.array([[0.5, 0.5]]), 2).tolist() == [0.5, 0.5]
    assert class_prior([0, 0], 2, smoothing=1.0).tolist() == [0.75, 0.25]


def test_logarithms_sum_to_one_and_are_finite():
    for prior in ([3, 1, 0, 0], [0.2, 0.8], [1, 0], [10**12, 1]):
        assert np.exp(log_prior(prior)).sum() == pytest.approx(1)


def test_the_shares_of_a_test_set_are_found():
    """Two Gaussians, exact scores; nine in ten of the training samples are of class 0, one in five of the test."""
    y = (RNG.random(20_000) < 0.8).astype(int)
    x = RNG.normal(size=20_000) + np.where(y, 1.5, -1.5)
    logits = np.stack([np.log(0.9) - 1.5 * x, np.log(0.1) + 1.5 * x], axis=1)
    np.testing.assert_allclose(estimate_test_prior(logits, [9, 1]), [0.2, 0.8], atol=0.01)


def test_groups():
    assert head_medium_tail([101, 100, 20, 19, 0]) == {"head": [0], "medium": [1, 2], "tail": [3, 4]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: class_prior([0, 3], 3), r"`labels` must lie in \[-1, 2\]; received values from 0 to 3"),
        (lambda: class_prior([-1], 3), "`labels` must hold at least one label"),
        (lambda: class_prior([[0.5]], 3), "`labels` must be ints, or have 3 columns"),
        (lambda: log_prior([[1, 2]]), "`prior` must be shares or counts"),
        (lambda: adjust_logits(LOGITS, [1, 2]), "`prior` must have a value a class, 3; received 2"),
        (lambda: adjust_logits(LOGITS, [1, 2, 3], test_prior=[1, 2]), "`prior` must have a value a class"),
        (lambda: head_medium_tail([1], head=1, tail=2), "`tail` be at most `head`"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
