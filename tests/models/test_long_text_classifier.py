"""The classifier of long texts and its encoder."""

import keras
import numpy as np
import pytest

from keras_blog.models import LongTextClassifier, TextBatches, sparse_transformer
from keras_blog.ops.sparse_attention import local

# Two classes, each with characters of its own and some in common.
RNG = np.random.default_rng(0)
LABELS = [i % 2 for i in range(64)]
TEXTS = ["".join(RNG.choice(list(("abc", "cde")[label]), size=RNG.integers(20, 33))) for label in LABELS]


def model_of(length=64):
    vocabulary = LongTextClassifier.vocabulary_of(TEXTS)
    encoder = sparse_transformer(len(vocabulary) + 2, [local(4), local(4)], dim=8, num_heads=2, dropout=0.0)
    return LongTextClassifier(vocabulary, ["without", "with"], length, encoder)


def test_it_learns_saves_and_classifies(tmp_path):
    keras.utils.set_random_seed(0)
    model = model_of()
    model.compile(
        keras.optimizers.Adam(0.02), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    history = model.fit(TextBatches(model, TEXTS, LABELS, 16), epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    names = model.classify(TEXTS)
    assert np.mean([name == ["without", "with"][label] for name, label in zip(names, LABELS, strict=True)]) > 0.9
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").classify(TEXTS) == names


def test_padding_changes_nothing():
    model = model_of()
    ids = model.encode(TEXTS[:2])
    longer = np.pad(ids, ((0, 0), (0, 16)))
    results = [keras.ops.convert_to_numpy(model(x)) for x in (ids, longer, np.zeros((1, 16), "int32"))]
    np.testing.assert_allclose(results[0], results[1], atol=1e-5)
    assert np.isfinite(results[2]).all()


def test_texts_are_cut_and_lengths_are_few():
    model = model_of(length=100)
    lengths = {model.encode(["a" * n]).shape[1] for n in range(200)}
    assert max(lengths) == 100
    assert len(lengths) == 12
    assert model.encode(["ab?"])[0, :4].tolist() == [*model.encode(["ab"])[0, :2], 1, 0]


def test_batches_hold_every_text_once():
    batches = TextBatches(model_of(), TEXTS, LABELS, 10)
    assert len(batches) == 7
    assert sum(len(batches[i][1]) for i in range(7)) == 64
    first = [batches[i][0].shape[1] for i in range(2)]
    assert first[0] >= first[1]
    with pytest.raises(ValueError, match="`labels` must be one a text; received 3 for 64 texts"):
        TextBatches(model_of(), TEXTS, [0, 1, 0])


def test_bad_arguments():
    with pytest.raises(ValueError, match="`class_names` must be distinct strings"):
        LongTextClassifier(["a"], ["x", "x"])
    with pytest.raises(ValueError, match="`length` must be an int from 1 to 2\\*\\*24; received 0"):
        LongTextClassifier(["a"], ["x"], length=0)
    with pytest.raises(ValueError, match="`dim` must be a multiple of 2"):
        sparse_transformer(10, dim=12)
