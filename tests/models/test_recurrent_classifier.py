"""The text classifier: its two doors, its padding, its file."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import models

TEXTS = ["abca", "", "xyz", "a" * 50, "日本a"]


def small(**options):
    return models.RecurrentClassifier(list("abc日"), ["bad", "good"], **{"units": 5, "length": 40, "seed": 1, **options})


def test_a_row_of_the_table_is_a_row_of_the_kernel_over_one_hot_tokens():
    """LSTM(one-hot tokens) is what it says, without the one-hot tensor: equal to Keras's own on `ops.one_hot`."""
    classifier = small(dropout=0.0)
    ids = np.array([[2, 3, 5, 1, 4, 2]])
    classifier(ids)
    lstm = keras.layers.LSTM(5, return_sequences=True)
    lstm.build((1, 6, 6))
    lstm.set_weights([*classifier.table.get_weights(), *classifier.recurrence.get_weights()])
    states = lstm(ops.one_hot(ids, 6))
    expected = classifier.logits(ops.max(states, axis=1))
    np.testing.assert_allclose(ops.convert_to_numpy(classifier(ids)), ops.convert_to_numpy(expected), atol=1e-6)


@pytest.mark.parametrize("dim", [None, 3])
def test_padding_changes_nothing(dim):
    """The article's LSTM runs over its padding."""
    classifier = small(dim=dim)
    together = classifier.probabilities(TEXTS)
    alone = np.concatenate([classifier.probabilities([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-6)
    ids = classifier.encode(["abca"])
    longer = np.pad(ids, ((0, 0), (0, 9)))
    np.testing.assert_allclose(*(ops.convert_to_numpy(classifier(x)) for x in (ids, longer)), atol=1e-6)


@pytest.mark.parametrize("dim", [None, 3])
def test_saves_and_loads_everything_in_one_file(dim, tmp_path):
    classifier = small(dim=dim)
    before = classifier.probabilities(TEXTS)
    classifier.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert (loaded.vocabulary, loaded.class_names) == (list("abc日"), ["bad", "good"])
    assert loaded.get_config() == classifier.get_config()
    np.testing.assert_array_equal(loaded.probabilities(TEXTS), before)


def test_it_learns():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abc"), size=8)) for _ in range(64)]
    labels = np.array(["ab" in text for text in texts], "int32")
    classifier = small(dim=8, units=16, dropout=0.0)
    classifier.compile(keras.optimizers.Adam(0.02), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = classifier.encode(texts)[:, :8]
    classifier.fit(x, labels, batch_size=64, epochs=60, verbose=0)
    assert (classifier.predict(x, verbose=0).argmax(axis=1) == labels).mean() > 0.95


def test_ids():
    ids = small().encode(TEXTS)
    assert ids.shape == (5, 40)
    assert ids[0, :5].tolist() == [2, 3, 4, 2, 0]
    assert ids[4, :4].tolist() == [5, 1, 2, 0]
    assert not ids[1].any()
    assert small().encode(["ab"]).shape == (1, 32)
    assert small().encode([["日", "ab"]])[0, :3].tolist() == [5, 1, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vocabulary": []}, "`vocabulary` must be distinct strings"),
        ({"class_names": ["a", "a"]}, "`class_names` must be distinct strings"),
        ({"dim": 0}, "`dim` must be an int from 1 to 65536; received 0"),
        ({"units": 2.0}, "`units` must be an int"),
    ],
)
def test_errors_name_the_argument(options, message):
    with pytest.raises(ValueError, match=message):
        models.RecurrentClassifier(**{"vocabulary": ["a"], "class_names": ["x", "y"], **options})


def test_texts_are_checked():
    with pytest.raises(ValueError, match=r"`texts` must hold strings or lists of tokens; received int at index 1"):
        small().encode(["a", 3])
