"""Tokens of the source are likelier: against one-hot sums."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.layers import SourcePrior

RNG = np.random.default_rng(0)
SOURCE = np.array([[3, 1, 3, 0, 0], [4, 2, 9, -1, 0]], "int32")
SCORES = RNG.normal(size=(2, 3, 6)).astype("float32")


def numpy(x):
    return ops.convert_to_numpy(x)


def test_exact_values():
    y = SourcePrior()(np.array([[1.0, 0.0, -1.0]], "float32"), np.array([[1, 2]]))
    np.testing.assert_allclose(numpy(ops.softmax(y))[0], [0.383652, 0.383652, 0.232697], atol=1e-6)
    none = SourcePrior(specials=[1, 2])(np.array([[1.0, 0.0, -1.0]], "float32"), np.array([[1, 2]]))
    np.testing.assert_allclose(numpy(none)[0], [0.5, 0.0, -0.5], atol=1e-6)


@pytest.mark.parametrize("specials", [[], [0, 1]])
def test_equals_one_hot(specials):
    """Repeated tokens count once; padding, specials and ids out of range not at all."""
    layer = SourcePrior(specials)
    layer(SCORES, SOURCE)
    scale, bias = RNG.normal(size=(2, 6)).astype("float32")
    layer.set_weights([scale, bias, np.float32(0.7)])
    occurs = np.array([[any(token == k for token in row) and k not in specials for k in range(6)] for row in SOURCE])
    share = 1 / (1 + np.exp(-0.7))
    expected = (1 - share) * SCORES + share * (occurs * scale + bias)[:, None]
    np.testing.assert_allclose(numpy(layer(SCORES, SOURCE)), expected, atol=1e-6)
    np.testing.assert_allclose(numpy(layer(SCORES[:, 0], SOURCE)), expected[:, 0], atol=1e-6)


def test_where_it_starts():
    """The article's constant is half a nat; 6 is three."""
    layer = SourcePrior(scale=6)
    y = numpy(layer(np.zeros((1, 3), "float32"), np.array([[1]])))
    np.testing.assert_allclose(y, [[0.0, 3.0, 0.0]], atol=1e-6)
    assert SourcePrior.from_config(layer.get_config()).get_config()["scale"] == 6.0


def test_bug_the_scale_could_not_be_negative():
    """Published: the exponential of a weight. Here what must not be copied can be learned."""
    scores = keras.Input((3,))
    source = keras.Input((None,), dtype="int32")
    model = keras.Model([scores, source], SourcePrior(name="prior")(scores, source))
    model.compile(keras.optimizers.SGD(2.0), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = [np.zeros((32, 3), "float32"), np.tile([[1, 1]], (32, 1))]
    model.fit(x, np.zeros(32), epochs=20, verbose=0)
    assert model.predict(x, verbose=0)[0, 1] < -1
    assert numpy(model.get_layer("prior").scale)[1] < 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SourcePrior(scale=float("nan")), "`scale` must be a finite number; received nan"),
        (lambda: SourcePrior([7])(SCORES, SOURCE), r"`specials` must be ids from 0 to 5; received \[7\]"),
        (
            lambda: SourcePrior()(SCORES, SOURCE[0]),
            r"`source` must be ids of shape \(batch, source steps\); received",
        ),
        (lambda: SourcePrior()(SCORES[0, 0], SOURCE), r"`inputs` must have shape \(batch, tokens\)"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
