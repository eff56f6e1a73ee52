"""Word vectors by training."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import mining, models

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(12, 3)).astype("float32")
LEFT, RIGHT = (ids.astype("int32") for ids in np.triu_indices(12, 1))


@pytest.mark.parametrize("shared", [True, False])
def test_products_that_vectors_can_have_are_learned(shared, tmp_path):
    keras.utils.set_random_seed(0)
    model = models.PMIEmbedding(12, 3, shared=shared)
    model.compile(keras.optimizers.Adam(0.05), "mse")
    left, right = np.tile(LEFT, 25), np.tile(RIGHT, 25)
    targets = np.sum(TABLE[left] * TABLE[right], axis=1)
    losses = model.fit((left, right), targets, batch_size=66, epochs=10, verbose=0).history["loss"]
    assert losses[-1] < 0.02 * losses[0]
    assert model.vectors().shape == (12, 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.vectors(), model.vectors())


def test_weights_and_biases():
    model = models.PMIEmbedding(12, 3, shared=False, biases=True)
    model.build()
    table, other = RNG.normal(size=(2, 12, 3))
    left_bias, right_bias = RNG.normal(size=(2, 12, 1))
    model.set_weights([table, other, left_bias, right_bias])
    expected = np.sum(table[LEFT] * other[RIGHT], axis=1) + left_bias[LEFT, 0] + right_bias[RIGHT, 0]
    np.testing.assert_allclose(ops.convert_to_numpy(model((LEFT, RIGHT))), expected, rtol=1e-4, atol=1e-5)


def test_glove_does_not_see_a_constant_in_all_vectors():
    """Added to all vectors, and taken off the biases, it changes nothing: the article's objection."""
    model = models.PMIEmbedding(12, 3, shared=False, biases=True)
    before = ops.convert_to_numpy(model((LEFT, RIGHT)))
    table, other, left_bias, right_bias = model.get_weights()
    c = np.array([0.5, -1.0, 2.0], "float32")
    model.set_weights([table + c, other + c, left_bias - (table @ c)[:, None] - c @ c, right_bias - (other @ c)[:, None]])
    np.testing.assert_allclose(ops.convert_to_numpy(model((LEFT, RIGHT))), before, atol=1e-5)


def test_from_texts_to_answers():
    """Two topics that never meet: words of one are correlated."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    texts = [rng.choice(["cat", "dog", "pet"] if i % 2 else ["sun", "rain", "wind"], size=8).tolist() for i in range(60)]
    found = mining.cooccurrence(texts, window=4)
    left, right, targets = found.pmi()
    model = models.PMIEmbedding(len(found), 4)
    model.compile(keras.optimizers.Adagrad(0.3), "mse")
    left, right, targets, weights = (np.tile(x, 20) for x in (left, right, targets, found.weights()))
    model.fit((left, right), targets, sample_weight=weights, batch_size=6, epochs=3, verbose=0)
    vectors = mining.WordVectors(found.words, model.vectors(), found.counts)
    assert {word for word, _ in vectors.correlated("cat", k=2)} == {"dog", "pet"}


@pytest.mark.parametrize(("options", "message"), [({"size": 0}, "`size` must be"), ({"dim": 1.5}, "`dim` must be an int")])
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        models.PMIEmbedding(**{"size": 3, **options})
