"""InfoNCE against NumPy, and the optimum of its scores by enumeration of all batches."""

import itertools

import numpy as np
import pytest
from keras import ops

from keras_blog import losses
from tests.gradients import value_and_gradients

numpy = ops.convert_to_numpy
RNG = np.random.default_rng(0)
PAIRS = RNG.normal(size=(5, 2, 3)).astype("float32")


def oracle(ids, pairs, temperature=1.0, prior=None):
    out = []
    for i, own in enumerate(ids):
        total = target = 0.0
        for j, other in enumerate(ids):
            score = float(pairs[i, 0] @ pairs[j, 1]) / temperature
            if prior is not None:
                score -= np.log(prior[max(other, 0)])
            if i == j:
                target = score
            if i == j or (other != own and other >= 0):
                total += np.exp(score)
        out.append(np.log(total) - target if own >= 0 else 0.0)
    return np.array(out)


@pytest.mark.parametrize("ids", [[0, 1, 2, 3, 4], [3, 1, 3, -1, 1], [2, 2, 2, 2, 2], [-1, -1, 0, -1, -1]])
@pytest.mark.parametrize("prior", [None, [0.1, 0.2, 0.05, 0.4, 0.25]])
def test_equals_the_oracle(ids, prior):
    result = numpy(losses.info_nce(ids, PAIRS, 0.5, prior))
    np.testing.assert_allclose(result, oracle(ids, PAIRS, 0.5, prior), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("corrected", [False, True])
def test_scores_are_least_at_mutual_information_and_with_prior_at_log_probabilities(corrected):
    """Over all batches of two pairs from a joint table; queries are one-hot and keys columns of scores."""
    joint = np.array([[0.3, 0.1, 0.05], [0.05, 0.2, 0.3]])
    marginal = joint.sum(0)
    optimum = np.log(joint / joint.sum(1, keepdims=True)) - (0 if corrected else np.log(marginal))
    pairs = list(itertools.product(range(2), range(3)))
    batches = np.array(list(itertools.product(pairs, pairs)))  # (batches, 2, query and key)
    probability = joint[batches[..., 0], batches[..., 1]].prod(axis=1)

    def total(table):
        terms = []
        for batch, p in zip(batches, probability, strict=True):
            rows = [ops.stack([np.eye(2, dtype="float32")[query], table[:, key]]) for query, key in batch]
            prior = marginal if corrected else None
            terms.append(float(p) * ops.sum(losses.info_nce(batch[:, 1], ops.stack(rows), prior=prior)))
        return sum(terms)

    _, (slope,) = value_and_gradients(total, optimum.astype("float32"))
    np.testing.assert_allclose(slope, 0, atol=1e-6)


def test_ids_beyond_the_floats_stay_different():
    """Keras casts labels to float32: 16777217 became 16777216, and two keys one."""
    loss = losses.InfoNCE(reduction="none")
    pairs = PAIRS[:2]
    np.testing.assert_allclose(numpy(loss(np.array([2**24, 2**24 + 1]), pairs)), oracle([0, 1], pairs), rtol=1e-5)


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match=r"`temperature` must be a positive number; received 0"):
        losses.InfoNCE(temperature=0)
    with pytest.raises(ValueError, match=r"`prior` must be positive numbers"):
        losses.InfoNCE(prior=[0.5, 0.0])
    with pytest.raises(ValueError, match=r"`y_true` must be ids of shape \(5,\); received shape \(5, 1\)"):
        losses.info_nce(np.zeros((5, 1), "int32"), PAIRS)
    with pytest.raises(ValueError, match=r"`y_pred` must be queries and keys.*received shape \(5, 3\)"):
        losses.info_nce([0, 1, 2, 3, 4], PAIRS[:, 0])
