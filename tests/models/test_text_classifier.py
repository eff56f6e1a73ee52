import keras
import numpy as np
import pytest

from keras_blog import losses
from keras_blog.models import TextClassifier

TEXTS = ["red wine", "red beer", "green tea", "green tea leaves", "中国 tea"] * 4
ONE = ["alcohol", "alcohol", "tea", "tea", "tea"] * 4
MANY = [["alcohol", "red"], ["alcohol", "red"], ["tea"], ["tea"], []] * 4


def trained(many):
    labels = MANY if many else ONE
    names = ["alcohol", "red", "tea"] if many else ["alcohol", "tea"]
    classifier = TextClassifier(TextClassifier.terms_of(TEXTS), names, many=many)
    loss = losses.MultilabelSoftmax() if many else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.SGD(1.0), loss=loss)
    x = classifier.encode(TEXTS)
    classifier.fit(x, classifier.encode_labels(labels), epochs=20, verbose=0)
    return classifier


@pytest.mark.parametrize("many", [False, True])
def test_learns_saves_and_loads(many, tmp_path):
    classifier = trained(many)
    found = classifier.classify(TEXTS[:5])
    assert [sorted(row) if many else row for row in found] == (MANY if many else ONE)[:5]
    classifier.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert loaded.classify(TEXTS[:5]) == found
    assert loaded.terms == classifier.terms
    assert loaded.classify([]) == []


def test_terms_and_their_weights():
    terms = TextClassifier.terms_of(TEXTS)
    assert {"tea", "green tea", "中", "国", "中 国", "国 tea"} <= set(terms)
    assert next(iter(terms)) == "tea"
    assert terms["tea"] == pytest.approx(1 + np.log(20 / 12), abs=1e-4)
    assert "green tea" not in TextClassifier.terms_of(TEXTS, pairs=False)
    assert list(TextClassifier.terms_of(TEXTS, min_count=10)) == ["tea"]


def test_bug_terms_of_one_count_changed_places_from_run_to_run():
    """By the order of a set of strings; a run that another process resumed then read other words than it had learned."""
    assert list(TextClassifier.terms_of(["g b a f c"] * 2)) == ["g", "b", "a", "f", "c", "g b", "b a", "a f", "f c"]


def test_texts_have_length_one_and_padding_adds_nothing():
    classifier = trained(many=False)
    x = classifier.encode(["green tea", "unknown words", ""])
    np.testing.assert_allclose((x[..., 1] ** 2).sum(1), [1, 0, 0], rtol=1e-6)
    wider = np.pad(x, ((0, 0), (0, 64), (0, 0)))
    np.testing.assert_allclose(classifier.predict(wider, verbose=0), classifier.predict(x, verbose=0), atol=1e-6)
    assert classifier.encode(TEXTS, length=2).shape == (20, 2, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TextClassifier({}, ["a"]), "`terms` must be a dict of 1 to"),
        (lambda: TextClassifier({"a": 1.0}, ["a", "a"]), "`label_names` must be distinct"),
        (
            lambda: TextClassifier({"a": 1.0}, ["a"]).encode_labels(["b"]),
            r"`labels` must be among the 1 names; .*\['b'\]",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
