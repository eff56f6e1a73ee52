"""Span F1 against seqeval, its judge, on random tags."""

import numpy as np
import pytest
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2, IOBES

from keras_blog import metrics
from keras_blog.ops import crf
from tests.chains import numpy

LETTERS = {"BIO": "BI", "BIOES": "BIES", "BMES": "BMES"}
SEQEVAL = {"BIO": IOB2, "BIOES": IOBES, "BMES": IOBES}
SHAPE = (40, 12)


def random_tags(scheme, seed=0):
    """Tag names; ids with padding of -1; predictions that agree at two steps of three."""
    names = ["O", *(f"{letter}-{kind}" for kind in ("LOC", "PER") for letter in LETTERS[scheme])]
    rng = np.random.default_rng(seed)
    real = np.arange(SHAPE[1]) < rng.integers(0, SHAPE[1] + 1, SHAPE[0])[:, None]
    y_true = np.where(real, rng.integers(0, len(names), SHAPE), -1)
    y_pred = np.where(rng.random(SHAPE) < 2 / 3, np.maximum(y_true, 0), rng.integers(0, len(names), SHAPE))
    return names, y_true, y_pred


def words(names, ids, real):
    """As lists of names that seqeval can read, which has no M."""
    return [[names[i].replace("M-", "I-") for i in row[kept]] for row, kept in zip(ids, real, strict=True)]


@pytest.mark.parametrize("scheme", list(LETTERS))
def test_equals_seqeval_strict(scheme):
    names, y_true, y_pred = random_tags(scheme)
    metric = metrics.SpanF1(names, scheme)
    for rows in (slice(0, 20), slice(20, 40)):
        metric.update_state(y_true[rows], y_pred[rows])
    judged = [words(names, ids, y_true >= 0) for ids in (y_true, y_pred)]
    expected = classification_report(*judged, mode="strict", scheme=SEQEVAL[scheme], output_dict=True, zero_division=0)
    overall = [float(value) for value in (metric.precision(), metric.recall(), metric.result())]
    judge = expected["micro avg"]
    np.testing.assert_allclose(overall, [judge["precision"], judge["recall"], judge["f1-score"]], rtol=1e-6)
    assert 0.1 < overall[2] < 0.9
    for kind, row in metric.report().items():
        if kind != "overall":
            judge = expected[kind]
            np.testing.assert_allclose(
                [row["precision"], row["recall"], row["f1"], row["spans"]],
                [judge["precision"], judge["recall"], judge["f1-score"], judge["support"]],
            )


def test_predictions_as_tags_as_scores_and_as_potentials():
    names, y_true, y_pred = random_tags("BIO")
    scores = np.eye(len(names), dtype="float32")[y_pred]
    packed = numpy(crf.pack(scores, np.zeros((len(names), len(names)), "float32"), mask=y_true >= 0))
    one_hot = (y_true[..., None] == np.arange(len(names))).astype("int8")
    results = set()
    for labels in (y_true, one_hot):
        for prediction in (y_pred, scores, packed):
            metric = metrics.SpanF1(names, "BIO")
            metric.update_state(labels, prediction)
            results.add(round(float(metric.result()), 6))
    assert len(results) == 1


def test_nothing_there_is_zero_not_nan():
    metric = metrics.SpanF1(["O", "B-X"], "BIO")
    assert [float(value) for value in (metric.result(), metric.precision(), metric.recall())] == [0, 0, 0]
    metric.update_state([[0, 0]], [[0, 0]])
    assert float(metric.result()) == 0


@pytest.mark.parametrize(
    ("tag_names", "scheme", "width", "message"),
    [
        (["O", "X"], "BIO", 2, r"tag 'X' is not of scheme BIO: expected"),
        (["O", "B-X"], "IOB1", 2, r"`scheme` must.*received"),
        (["O", "B-X"], "BIO", 5, r"`y_pred` must have 2 scores.*received"),
    ],
)
def test_bad_arguments(tag_names, scheme, width, message):
    with pytest.raises(ValueError, match=message):
        metrics.SpanF1(tag_names, scheme).update_state([[0]], np.zeros((1, 1, width)))
