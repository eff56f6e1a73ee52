import warnings

import numpy as np
import pytest
from sklearn.metrics import f1_score

from keras_blog.metrics import MultilabelF1

RNG = np.random.default_rng(0)
LABELS = np.pad((RNG.random((30, 4)) < 0.3).astype(int), ((0, 0), (0, 1)))  # the last never occurs
SCORES = np.where(np.arange(5) < 4, RNG.normal(size=(30, 5)), -1.0).astype("float32")  # and is never found
IDS = np.where(LABELS, np.arange(5), -1)


@pytest.mark.parametrize("average", ["micro", "macro"])
def test_equals_scikit_learn(average):
    metric, of_ids = MultilabelF1(5, average, threshold=0.2), MultilabelF1(5, average, threshold=[0.2] * 5, pad_id=-1)
    for start in (0, 10, 20):
        part = slice(start, start + 10)
        metric.update_state(LABELS[part], SCORES[part])
        of_ids.update_state(IDS[part], SCORES[part])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = f1_score(LABELS, SCORES > 0.2, average=average, zero_division=0)
        each = f1_score(LABELS, SCORES > 0.2, average=None, zero_division=0)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)
    assert float(of_ids.result()) == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(metric.per_label(), each, rtol=1e-6)


@pytest.mark.parametrize("average", ["micro", "macro"])
def test_bug_nothing_at_all_gave_nan(average):
    metric = MultilabelF1(5, average)
    assert float(metric.result()) == 0
    metric.update_state(np.zeros((3, 5)), -np.ones((3, 5)))
    assert float(metric.result()) == 0


def test_weights_and_left_out_entries():
    metric, expected = MultilabelF1(5), MultilabelF1(5)
    metric.update_state(np.where(np.arange(5) < 3, LABELS, -1), SCORES, sample_weight=np.arange(30) < 20)
    expected.update_state(LABELS[:20] * (np.arange(5) < 3), np.where(np.arange(5) < 3, SCORES, -9.0)[:20])
    assert float(metric.result()) == pytest.approx(float(expected.result()))
    assert float(metric.result()) > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MultilabelF1(5, "weighted"), "`average` must be 'micro' or 'macro'; received 'weighted'"),
        (lambda: MultilabelF1(0), "`classes` must be a positive int; received 0"),
        (lambda: MultilabelF1(4).update_state(LABELS, SCORES), r"`y_true` must have shape \(batch, ..., 4\)"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
