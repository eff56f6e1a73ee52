import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score

from keras_blog.metrics import BalancedAccuracy

RNG = np.random.default_rng(0)
IDS = RNG.choice(4, p=[0.6, 0.2, 0.15, 0.05], size=60)
SCORES = (RNG.normal(size=(60, 5)) + 1.5 * np.eye(5)[IDS]).astype("float32")  # class 4 has no sample


def test_equals_scikit_learn():
    metric, tail = BalancedAccuracy(5), BalancedAccuracy(5, only=[2, 3, 4])
    for start in (0, 30):
        metric.update_state(IDS[start : start + 30], SCORES[start : start + 30])
    tail.update_state(np.eye(5)[IDS], SCORES)
    recalls = recall_score(IDS, SCORES.argmax(1), labels=range(5), average=None, zero_division=0)
    assert float(metric.result()) == pytest.approx(recalls[:4].mean(), rel=1e-6)
    assert float(tail.result()) == pytest.approx(recalls[2:4].mean(), rel=1e-6)
    np.testing.assert_allclose(metric.per_class(), recalls, rtol=1e-6)
    four = BalancedAccuracy(4)
    four.update_state(IDS, SCORES[:, :4])
    assert float(four.result()) == pytest.approx(balanced_accuracy_score(IDS, SCORES[:, :4].argmax(1)), rel=1e-6)


def test_left_out_and_weighted_samples():
    metric, expected = BalancedAccuracy(5), BalancedAccuracy(5)
    metric.update_state(np.where(np.arange(60) < 50, IDS, -1), SCORES, sample_weight=np.arange(60) < 40)
    expected.update_state(IDS[:40], SCORES[:40])
    assert float(metric.result()) == float(expected.result())
    assert float(BalancedAccuracy(5).result()) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BalancedAccuracy(4).update_state(IDS, SCORES), r"`y_pred` must have shape \(batch, ..., 4\)"),
        (lambda: BalancedAccuracy(4, only=[4]), r"`only` must hold class ids below 4; received \[4\]"),
        (lambda: BalancedAccuracy("4"), "`classes` must be a positive int; received '4'"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
