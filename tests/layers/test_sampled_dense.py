"""The layer that draws: what it packs, that it is exact in evaluation, learns, saves and resumes."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers, losses
from keras_blog.ops import candidates, noise
from tests.gradients import value_and_gradients

numpy = ops.convert_to_numpy
RNG = np.random.default_rng(0)
X, TARGETS = RNG.normal(size=(6, 4)).astype("float32"), np.array([0, 3, 6, 3, 1, 2], "int32")
Q = np.array([0.3, 0.05, 0.2, 0.25, 0.1, 0.06, 0.04])
BACKEND = keras.config.backend()
JIT = [False] if BACKEND == "torch" else [False, True]


def built(**options):
    layer = layers.SampledDense(7, **{"negatives": 5, "noise": Q, "learn_log_z": True, "seed": 1, **options})
    layer.build((None, 4))
    layer.set_weights([RNG.normal(size=weight.shape) for weight in layer.weights])
    return layer


def scores_of(layer, x):
    kernel, bias, log_z = (numpy(weight) for weight in layer.weights)
    return x @ kernel.T + bias - log_z


def network(**options):
    features, target = keras.Input((4,)), keras.Input((), dtype="int32")
    head = layers.SampledDense(7, **{"negatives": 5, "noise": Q, "seed": 1, **options})
    return keras.Model([features, target], head(features, target)), keras.Model(features, head(features))


def test_training_packs_the_target_and_what_the_seed_draws():
    layer = built()
    drawn = numpy(noise.draw(noise.distribution(Q, 7), 5, keras.random.SeedGenerator(1)))
    ids = np.concatenate([TARGETS[:, None], np.tile(drawn, (6, 1))], axis=1)
    packed = numpy(layer(X, TARGETS, training=True))
    assert packed.shape == (6, 6, 3)
    np.testing.assert_allclose(packed[..., 0], np.take_along_axis(scores_of(layer, X), ids, axis=1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(packed[..., 1], np.log(5 * Q)[ids], rtol=1e-5)
    hit = (ids == TARGETS[:, None]) & (np.arange(6) > 0)
    assert hit.any()
    np.testing.assert_array_equal(packed[..., 2], np.where(hit, -1, 1))
    assert (numpy(layer(X, TARGETS, training=True)) != packed).any()


def test_without_targets_it_is_dense():
    layer = built()
    for training in (False, True):
        np.testing.assert_allclose(numpy(layer(X, training=training)), scores_of(layer, X), rtol=1e-5, atol=1e-5)


def test_evaluation_is_the_full_softmax_and_exact_nce():
    layer = built()
    packed, scores = layer(X, TARGETS, training=False), scores_of(layer, X).astype("float64")
    assert packed.shape == (6, 8, 3)
    full = np.log(np.exp(scores).sum(1)) - scores[np.arange(6), TARGETS]
    np.testing.assert_allclose(numpy(losses.sampled_softmax(TARGETS, packed)), full, rtol=1e-5)
    logits = scores - np.log(5 * Q)
    exact = np.log1p(np.exp(-logits[np.arange(6), TARGETS])) + (5 * Q * np.log1p(np.exp(logits))).sum(1)
    np.testing.assert_allclose(numpy(losses.nce(TARGETS, packed)), exact, rtol=1e-5)


@pytest.mark.parametrize("function", [losses.nce, losses.negative_sampling])
def test_training_estimates_evaluation_without_bias(function):
    layer = built()
    exact = numpy(function(TARGETS, layer(X, TARGETS, training=False)))
    values = np.array([numpy(function(TARGETS, layer(X, TARGETS, training=True))) for _ in range(60)])
    np.testing.assert_array_less(np.abs(values.mean(0) - exact), 4 * values.std(0) / np.sqrt(60))


def test_only_the_rows_of_candidates_get_gradients():
    layer = layers.SampledDense(2**20, negatives=8, noise="log_uniform", seed=1)
    layer.build((None, 4))
    drawn = numpy(noise.draw(noise.distribution("log_uniform", 2**20), 8, keras.random.SeedGenerator(1)))
    packed = numpy(layer(X, TARGETS + 2**19, training=True))
    ids = np.concatenate([TARGETS + 2**19, drawn])
    kernel = numpy(layer.kernel)[ids]
    np.testing.assert_allclose(packed[:, 0, 0], (X * kernel[:6]).sum(1), rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(packed[:, 1:, 0], X @ kernel[6:].T, rtol=1e-3, atol=1e-7)
    if BACKEND == "tensorflow":  # which has sparse gradients
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = tf.reduce_sum(losses.nce(TARGETS, layer(X, TARGETS, training=True)))
        gradient = tape.gradient(value, layer.kernel.value)
        assert isinstance(gradient, tf.IndexedSlices)
        assert gradient.values.shape == (14, 4)


def test_gradient_reaches_the_features():
    layer = built()
    _, (gradient,) = value_and_gradients(lambda x: ops.sum(losses.nce(TARGETS, layer(x, TARGETS, training=False))), X)
    assert np.isfinite(gradient).all()
    assert gradient.any(axis=1).all()


def test_nce_learns_normalised_probabilities():
    """One constant feature: the scores become `log p`, though the noise is skewed and nothing is summed over the classes."""
    keras.utils.set_random_seed(0)
    p = np.array([0.5, 0.3, 0.2])
    features, target = keras.Input((1,)), keras.Input((), dtype="int32")
    head = layers.SampledDense(3, negatives=256, noise=[0.2, 0.2, 0.6], learn_log_z=True, seed=1)
    model = keras.Model([features, target], head(features, target))
    rate = keras.optimizers.schedules.CosineDecay(0.05, 300)
    model.compile(keras.optimizers.Adam(rate), loss=losses.NCE(), jit_compile=JIT[-1])
    y = np.tile(np.repeat([0, 1, 2], [50, 30, 20]), 300).astype("int32")
    model.fit([np.ones((len(y), 1), "float32"), y], y, batch_size=100, shuffle=False, verbose=0)
    scores = keras.Model(features, head(features)).predict(np.ones((1, 1), "float32"), verbose=0)[0]
    np.testing.assert_allclose(np.exp(scores), p, rtol=0.06)


@pytest.mark.parametrize("jit", JIT)
def test_a_loaded_model_goes_on_drawing_where_the_saved_one_was(jit, tmp_path):
    model, scorer = network()
    model.compile(keras.optimizers.SGD(0.1), loss=losses.SampledSoftmax(), jit_compile=jit)
    model.fit([X, TARGETS], TARGETS, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    runs = [m.fit([X, TARGETS], TARGETS, epochs=3, verbose=0, shuffle=False).history["loss"] for m in (model, again)]
    np.testing.assert_array_equal(*runs)
    assert len(set(runs[0])) == 3
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    full = float(cross_entropy(TARGETS, scorer.predict(X, verbose=0)))
    np.testing.assert_allclose(again.evaluate([X, TARGETS], TARGETS, verbose=0), full, rtol=1e-5)


def test_sequences_and_their_mask():
    ids = keras.Input((None,), dtype="int32")
    target = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(7, 4, mask_zero=True)(ids)
    model = keras.Model([ids, target], layers.SampledDense(7, 3, seed=1)(x, target))
    model.compile("sgd", loss=losses.SampledSoftmax())
    inputs, following = np.array([[1, 2, 3], [4, 0, 0]]), np.array([[2, 3, 1], [5, -1, -1]], "int32")
    assert model.output_shape == (None, None, None, 3)
    values = numpy(losses.sampled_softmax(following, model([inputs, following])))
    assert values.shape == (2, 3)
    # Keras takes the mean over the steps that the mask leaves
    np.testing.assert_allclose(model.evaluate([inputs, following], following, verbose=0), values.sum() / 4, rtol=1e-5)
    model.fit([inputs, following], following, verbose=0)


def test_half_precision_features_give_float32_scores():
    keras.config.set_dtype_policy("mixed_float16")
    model, _ = network()
    model.compile("sgd", loss=losses.NCE())
    assert keras.backend.standardize_dtype(model([X, TARGETS]).dtype) == "float32"
    history = model.fit([X, TARGETS], TARGETS, verbose=0).history["loss"]
    assert np.isfinite(history).all()


def test_unpacked_parts_are_those_packed():
    real, parts = candidates.unpack(np.array([0, -1]), candidates.pack([[1.0, 2.0]] * 2, [0.5, 0.25], hit=[[False, True]] * 2))
    assert numpy(real).tolist() == [True, False]
    assert numpy(parts.hit).tolist() == [[True, True]] * 2
    assert numpy(parts.count).tolist() == [[1, 1]] * 2
    assert numpy(parts.log_expected).tolist() == [[0.5, 0.25]] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 1, "negatives": 2}, r"`classes` must be an int from 2 to 16777216; received 1"),
        ({"classes": 5, "negatives": 0}, r"`negatives` must be an int from 1 to 1048576; received 0"),
        ({"classes": 5, "negatives": 2, "noise": "zipf"}, r'`noise` must be "uniform"'),
        ({"classes": 3, "negatives": 2, "noise": [1, 0, 1]}, r"`noise` must be positive numbers"),
    ],
)
def test_errors_name_the_argument(options, message):
    with pytest.raises(ValueError, match=message):
        layers.SampledDense(**options)


def test_targets_of_another_shape_are_an_error():
    with pytest.raises(ValueError, match=r"`targets` must be class ids of shape \(6,\); received shape \(6, 1\)"):
        built()(X, TARGETS[:, None], training=True)
    with pytest.raises(ValueError, match=r"`inputs` must be features.*received shape \(6,\)"):
        layers.SampledDense(7, 2)(X[:, 0])
