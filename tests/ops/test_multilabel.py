import numpy as np
import pytest
from keras import ops

from keras_blog.ops.multilabel import decide, multi_hot, top_k, tune_thresholds

RNG = np.random.default_rng(0)


def f1(actual, found):
    return 2 * (actual & found).sum() / max(actual.sum() + found.sum(), 1)


def test_readings():
    scores = np.array([[1.0, -1.0, 3.0, 0.0]], "float32")
    assert ops.convert_to_numpy(decide(scores)).tolist() == [[True, False, True, False]]
    assert ops.convert_to_numpy(decide(scores, [2.0, -2.0, 2.0, -2.0])).tolist() == [[False, True, True, True]]
    assert ops.convert_to_numpy(top_k(scores, 2)).tolist() == [[2, 0]]


def test_multi_hot_rows():
    assert ops.convert_to_numpy(multi_hot([[2, 2, 0], [9, 1, 9]], 10, pad_id=9))[:, :3].tolist() == [[1, 0, 1], [0, 1, 0]]
    assert tuple(multi_hot(np.zeros((2, 3, 4), int), 5).shape) == (2, 3, 5)
    assert tuple(multi_hot(np.zeros((0, 4), int), 5).shape) == (0, 5)


@pytest.mark.parametrize("shared", [False, True])
def test_no_threshold_is_better_than_the_tuned_one(shared):
    """Against every cut between two scores, ties among them."""
    scores = RNG.integers(-5, 6, size=(40, 3)) / 2
    actual = RNG.random((40, 3)) < 1 / (1 + np.exp(-scores))
    tuned = tune_thresholds(actual, scores, shared)
    for part in [slice(None)] if shared else range(3):
        threshold = tuned if shared else tuned[part]
        best = max(f1(actual[:, part], scores[:, part] > cut) for cut in np.arange(-6, 6, 0.25))
        assert f1(actual[:, part], scores[:, part] > threshold) == pytest.approx(best)


def test_a_label_that_never_occurs_is_never_found():
    scores = RNG.normal(size=(9, 1))
    assert not (scores > tune_thresholds(np.zeros((9, 1)), scores)).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: multi_hot([[3]], 3), "`ids` must be less than the number of classes, 3; received 3"),
        (lambda: top_k([[1.0, 2.0]], 3), "`k` must be an int from 1 to the number of classes, 2; received 3"),
        (lambda: tune_thresholds([1], [1.0]), r"`y_true` must have shape \(samples, classes\)"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
