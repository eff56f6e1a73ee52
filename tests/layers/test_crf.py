"""The CRF layer: its weights, its arguments, and that Keras's masks reach the chain."""

import keras
import numpy as np
import pytest

from keras_blog import layers, losses
from keras_blog.ops import crf
from tests.chains import numpy, random_chain
from tests.gradients import value_and_gradients

EMISSIONS = random_chain(np.random.default_rng(0), 1.0)[0]


def test_potentials_are_the_weights_packed():
    layer = layers.CRF(3)
    potentials = layer(EMISSIONS)
    weights = [numpy(weight) for weight in layer.weights]
    assert [weight.path.split("/")[-1] for weight in layer.weights] == ["transitions", "start", "end"]
    np.testing.assert_allclose(numpy(potentials), numpy(crf.pack(EMISSIONS, *weights)), atol=1e-6)


def test_without_boundaries_first_and_last_tag_score_nothing():
    layer = layers.CRF(3, boundaries=False)
    potentials = layer(EMISSIONS)
    assert len(layer.weights) == 1
    np.testing.assert_allclose(numpy(potentials), numpy(crf.pack(EMISSIONS, numpy(layer.weights[0]))), atol=1e-6)


def test_embedding_mask_keeps_the_chain_off_the_padding():
    """Boundary scores stand on the last real step, not on padding as in TensorFlow Addons and in another CRF for Keras 3."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None,), dtype="int32")
    features = keras.layers.Embedding(9, 3, mask_zero=True)(inputs)
    model = keras.Model(inputs, layers.CRF(3, initial_range=2.0)(features))
    longer, shorter = np.array([[3, 1, 4, 0, 0]]), np.array([[3, 1, 4]])
    values = [numpy(crf.log_partition(model.predict(ids, verbose=0))) for ids in (longer, shorter)]
    np.testing.assert_allclose(*values, rtol=1e-6)
    assert numpy(crf.decode(model.predict(longer, verbose=0))[0])[0, 3:].tolist() == [-1, -1]


def test_mask_ends_here():
    inputs = keras.Input((None,), dtype="int32")
    output = layers.CRF(3)(keras.layers.Embedding(9, 3, mask_zero=True)(inputs))
    assert getattr(output, "_keras_mask", None) is None


def test_allowed_holds_in_training_and_decoding():
    names = ["O", "B-X", "I-X"]
    layer = layers.CRF(3, allowed=crf.allowed_transitions(names, "BIO"))
    emissions = np.zeros((1, 3, 3), "float32")
    emissions[..., 2] = 5.0  # it would be I everywhere
    assert numpy(layers.CRFDecoder()(layer(emissions))).tolist() == [[1, 2, 2]]
    loss = losses.crf_negative_log_likelihood([[2, 2, 2]], layer(emissions))
    assert float(loss[0]) > 1e20  # what is forbidden has no probability
    pairs = layers.CRF(3, allowed=np.eye(3, dtype=bool))
    assert numpy(layers.CRFDecoder()(pairs(emissions))).tolist() == [[2, 2, 2]]


@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_lr_multiplier_scales_the_step_of_adam(factor):
    """Adam's first step is the learning rate, whatever the gradient; the transitions move `factor` times as far."""
    inputs = keras.Input((5, 3))
    layer = layers.CRF(3, lr_multiplier=factor)
    model = keras.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.Adam(1e-3), loss=losses.CRFNegativeLogLikelihood())
    before = numpy(layer.scores()[0])
    model.fit(EMISSIONS, np.tile([[0, 0, 1, 1, 2]], (6, 1)), verbose=0)
    moved = np.abs(numpy(layer.scores()[0]) - before)
    np.testing.assert_allclose(moved, 1e-3 * factor, rtol=1e-2)


def test_lr_multiplier_leaves_the_initial_range_alone():
    for factor in (1.0, 1000.0):
        layer = layers.CRF(20, lr_multiplier=factor, initial_range=0.5)
        layer.build((None, None, 20))
        assert 0.4 < np.abs(numpy(layer.scores()[0])).max() <= 0.5


def test_regularizer_counts():
    layer = layers.CRF(3, transition_regularizer="l2")
    layer(EMISSIONS)
    assert float(layer.losses[0]) == pytest.approx(0.01 * np.square(numpy(layer.weights[0])).sum(), rel=1e-5)


def test_gradient_reaches_emissions_through_the_layer():
    layer = layers.CRF(3, boundaries=False, initial_range=0.0)
    layer.build((None, None, 3))
    tags = np.array([[0, 1, 2, 0, 1]] * 6, "int32")

    def total(emissions):
        return keras.ops.sum(losses.crf_negative_log_likelihood(tags, layer(emissions)))

    _, (gradient,) = value_and_gradients(total, EMISSIONS)
    softmax = np.exp(EMISSIONS) / np.exp(EMISSIONS).sum(-1, keepdims=True)
    np.testing.assert_allclose(gradient, softmax - np.eye(3)[tags], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tags": 0}, r"`tags` must be an int from 1.*received 0"),
        ({"tags": 2.0}, r"`tags` must be an int"),
        ({"tags": 3, "lr_multiplier": 0}, r"`lr_multiplier` must lie between"),
        ({"tags": 3, "initial_range": -1.0}, r"`initial_range` must lie"),
        ({"tags": 3, "allowed": np.ones((2, 2))}, r"`allowed` must have shape \(3, 3\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.CRF(**arguments)


@pytest.mark.parametrize("shape", [(2, 5, 4), (2, 3)])
def test_inputs_of_another_shape_say_which_dense_layer_is_missing(shape):
    with pytest.raises(ValueError, match=r"`inputs` must be emissions.*received.*keras\.layers\.Dense\(3\)"):
        layers.CRF(3)(np.zeros(shape, "float32"))
