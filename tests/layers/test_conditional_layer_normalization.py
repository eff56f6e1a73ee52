"""Layer normalization under a condition."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.layers import ConditionalLayerNormalization

RNG = np.random.default_rng(0)
X = RNG.normal(2, 3, size=(3, 5, 4)).astype("float32")
CONDITION = RNG.normal(size=(3, 6)).astype("float32")


def numpy(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("hidden", [None, 7])
def test_starts_as_a_plain_layer_normalization(hidden):
    plain = keras.layers.LayerNormalization(epsilon=1e-6, center=False, scale=False)
    got = ConditionalLayerNormalization(hidden)(X, CONDITION)
    np.testing.assert_allclose(numpy(got), numpy(plain(X)), atol=1e-5)


@pytest.mark.parametrize("hidden", [None, 7])
def test_scale_and_shift_follow_from_the_condition(hidden):
    layer = ConditionalLayerNormalization(hidden)
    layer(X, CONDITION)
    weights = [RNG.normal(size=weight.shape).astype("float32") for weight in layer.weights]
    layer.set_weights(weights)
    inner = CONDITION if hidden is None else np.maximum(CONDITION @ weights[0] + weights[1], 0)
    scale, shift = np.split(inner @ weights[-2] + weights[-1], 2, axis=-1)
    normal = (X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + 1e-6)
    expected = normal * (1 + scale[:, None]) + shift[:, None]
    np.testing.assert_allclose(numpy(layer(X, CONDITION)), expected, atol=1e-4)
    np.testing.assert_allclose(numpy(layer(X[:, 0], CONDITION)), expected[:, 0], atol=1e-4)


def test_saves_trains_and_takes_half_precision(tmp_path):
    inputs, condition = keras.Input((None, 4)), keras.Input((6,))
    model = keras.Model([inputs, condition], ConditionalLayerNormalization(3)(inputs, condition))
    model.compile("sgd", "mse")
    model.fit([X, CONDITION], X, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(*(m.predict([X, CONDITION], verbose=0) for m in (model, loaded)))
    keras.config.set_dtype_policy("mixed_float16")
    large = ConditionalLayerNormalization()(X * 3e3, CONDITION)  # its squares exceed float16
    assert np.isfinite(numpy(ops.cast(large, "float32"))).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ConditionalLayerNormalization(0), "`hidden` must be an int from 1 to 65536, or None; received 0"),
        (lambda: ConditionalLayerNormalization(epsilon=0), r"`epsilon` must lie in \(0, 1\); received 0"),
        (
            lambda: ConditionalLayerNormalization()(X, X),
            r"`condition` must have shape \(batch, features\); received",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
