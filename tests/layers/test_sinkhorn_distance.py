"""The layer against the exact distances, its masks, its gradients, its file."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers
from tests.gradients import value_and_gradients

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(3, 4, 2)).astype("float32"), RNG.normal(size=(3, 5, 2)).astype("float32")
X_MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0]], bool)
Y_MASK = np.array([[1, 1, 1, 1, 1], [1, 0, 1, 0, 1], [1, 1, 1, 1, 0]], bool)
COSTS = pytest.mark.parametrize("cost", ["euclidean", "cosine"])


def numpy(x):
    return ops.convert_to_numpy(x)


@COSTS
def test_nears_the_exact_distance(cost):
    pytest.importorskip("ot")
    from keras_blog import mining

    exact = {"euclidean": mining.word_mover_distance, "cosine": mining.word_rotator_distance}[cost]
    expected = [exact(x[m], y[n]) for x, y, m, n in zip(X, Y, X_MASK, Y_MASK, strict=True)]
    near = numpy(layers.SinkhornDistance(cost, epsilon=0.02, steps=200)(X, Y, x_mask=X_MASK, y_mask=Y_MASK))
    np.testing.assert_allclose(near, expected, atol=0.05)
    assert (near >= np.array(expected) - 1e-3).all()


@COSTS
def test_padding_changes_nothing_and_empty_texts_are_at_zero(cost):
    layer = layers.SinkhornDistance(cost)
    padded = np.where(X_MASK[..., None], X, np.float32(1e3))
    masks = {"x_mask": X_MASK, "y_mask": Y_MASK}
    before = numpy(layer(X, Y, **masks))
    np.testing.assert_array_equal(numpy(layer(padded, Y, **masks)), before)
    nothing = {"x_mask": X_MASK & [[True], [False], [True]], "y_mask": Y_MASK}
    value, (gradient,) = value_and_gradients(lambda x: ops.sum(layer(x, Y, **nothing)), X)
    np.testing.assert_allclose(value, before[0] + before[2], rtol=1e-5)
    assert not gradient[1].any()
    assert np.isfinite(gradient).all()


@COSTS
def test_gradient_is_the_finite_difference(cost):
    layer = layers.SinkhornDistance(cost, epsilon=0.3, steps=60, debiased=True)
    x, y = X[:1], Y[:1]
    _, (gradient,) = value_and_gradients(lambda x: ops.sum(layer(x, y)), x)
    steps = np.random.default_rng(1).normal(size=(6, 4, 2)).astype("float32") * 3e-3
    others = np.repeat(y, 6, axis=0)
    changes = (numpy(layer(x + steps, others)) - numpy(layer(x - steps, others))) / 2
    np.testing.assert_allclose(np.sum(gradient * steps, axis=(1, 2)), changes, atol=2e-5)


def test_equal_texts_and_zero_vectors():
    debiased = layers.SinkhornDistance(debiased=True)
    value, (gradient,) = value_and_gradients(lambda x: ops.sum(debiased(x, x)), X)
    assert abs(value) < 1e-5
    assert np.isfinite(gradient).all()
    rotated = layers.SinkhornDistance("cosine")
    value, (gradient,) = value_and_gradients(lambda x: ops.sum(rotated(x, Y)), np.zeros_like(X))
    assert value == 0
    assert np.isfinite(gradient).all()


def network(**options):
    inputs = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    embed = keras.layers.Embedding(9, 3, mask_zero=True)
    return keras.Model(inputs, layers.SinkhornDistance("cosine", 0.1, 20, name="distance", **options)(*map(embed, inputs)))


@pytest.mark.parametrize("jit", [False, True])
def test_trains_and_loads_again(jit, tmp_path):
    """Texts over the first words are to be near one another, and far from texts over the others."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(1)
    sides = rng.integers(0, 2, size=(2, 64))
    texts = [rng.integers(1, 5, size=(64, 6)) + 4 * side[:, None] for side in sides]
    texts[0][:, 4:] = 0
    apart = (sides[0] != sides[1]).astype("float32")
    model = network()
    model.compile(keras.optimizers.Adam(0.05), "mse", jit_compile=jit and keras.config.backend() != "torch")
    losses = model.fit(texts, apart, epochs=20, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(texts, verbose=0), model.predict(texts, verbose=0))
    assert loaded.get_layer("distance").get_config() == model.get_layer("distance").get_config()
    assert model.output_shape == (None,)


def test_half_precision_is_finite_and_comes_out_in_single():
    for policy in ("mixed_float16", "mixed_bfloat16"):
        layer = layers.SinkhornDistance(dtype=policy)
        value = layer(X.astype("float16"), Y.astype("float16"))
        assert keras.backend.standardize_dtype(value.dtype) == "float32"
        np.testing.assert_allclose(numpy(value), numpy(layers.SinkhornDistance()(X, Y)), rtol=2e-2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.SinkhornDistance("l1"), r'`cost` must be "euclidean" or "cosine"; received \'l1\''),
        (lambda: layers.SinkhornDistance(epsilon=0.0), r"`epsilon` must be positive; received 0.0"),
        (lambda: layers.SinkhornDistance(steps=0), r"`steps` must be an int of at least 1; received 0"),
        (lambda: layers.SinkhornDistance()(X[0], Y), r"`x` and `y` must be word vectors \(batch, words, dim\)"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
