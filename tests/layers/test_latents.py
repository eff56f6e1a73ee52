"""Layers of latent variables: sampling, priors, likelihoods, and prices in the loss."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers
from keras_blog.ops import gaussian, hsic

RNG = np.random.default_rng(0)
PARAMETERS = RNG.normal(size=(4, 6)).astype("float32")
Z = RNG.normal(size=(4, 3)).astype("float32")
X = RNG.uniform(size=(4, 5)).astype("float32")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def test_samples_have_the_moments_of_their_gaussian():
    draws = numpy(layers.GaussianSampling(samples=20_000, seed=1)(PARAMETERS, training=True))
    assert draws.shape == (4, 20_000, 3)
    np.testing.assert_allclose(draws.mean(1), PARAMETERS[:, :3], atol=0.05)
    np.testing.assert_allclose(draws.var(1), np.exp(PARAMETERS[:, 3:]), rtol=0.06)
    layer = layers.GaussianSampling(seed=1)
    assert np.any(numpy(layer(PARAMETERS, training=True)) != numpy(layer(PARAMETERS, training=True)))
    np.testing.assert_array_equal(numpy(layer(PARAMETERS)), PARAMETERS[:, :3])
    with pytest.raises(ValueError, match="`samples` must be a positive int or None; received 0"):
        layers.GaussianSampling(samples=0)


def test_gumbel_draws_follow_their_distribution_and_the_temperature_is_kept():
    logits = np.log(np.tile([[0.6, 0.3, 0.1]], (20_000, 1))).astype("float32")
    hard = numpy(layers.GumbelSoftmaxSampling(hard=True, seed=1)(logits, training=True))
    assert set(np.unique(np.round(hard, 5))) == {0, 1}
    np.testing.assert_allclose(hard.mean(0), [0.6, 0.3, 0.1], atol=0.02)
    layer = layers.GumbelSoftmaxSampling(keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.1), seed=1)
    soft = [numpy(layer(logits[:100], training=True)).max(1).mean() for _ in range(3)]
    assert soft[0] < soft[1] < soft[2]
    assert int(layer.step) == 3
    with pytest.raises(ValueError, match="`temperature` must be positive"):
        layers.GumbelSoftmaxSampling(0.0)


def test_mixture_is_the_logarithm_of_its_density():
    prior = layers.GaussianMixturePrior(2, learn_variances=True, learn_weights=True)
    prior.build((None, 3))
    prior.set_means(np.concatenate([Z, 2 * Z + 1, 3 * Z]), np.array([0] * 4 + [1] * 8))
    means, variances = numpy(prior.means), np.exp(numpy(prior.log_variances))
    np.testing.assert_allclose(means[0], Z.mean(0), rtol=1e-5)
    shares = np.array([1 / 3, 2 / 3])
    terms = np.exp(-0.5 * (Z[:, None] - means) ** 2 / variances) / np.sqrt(2 * np.pi * variances)
    np.testing.assert_allclose(numpy(prior(Z)), np.log(shares * terms.prod(-1)), rtol=1e-4)
    own = numpy(prior.kl_divergence(ops.convert_to_tensor(means), prior.log_variances.value))
    np.testing.assert_allclose(np.diag(own), 0, atol=1e-5)
    with pytest.raises(ValueError, match="`components` must be a positive int; received 0"):
        layers.GaussianMixturePrior(0)


def test_one_component_is_the_standard_normal():
    np.testing.assert_allclose(numpy(layers.GaussianMixturePrior(1)(Z))[:, 0], numpy(gaussian.log_density(Z)), rtol=1e-6)


def test_relabelled_components_and_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    prior = layers.GaussianMixturePrior(3, mean_initializer="random_normal")
    before = numpy(prior(Z * 100))
    prior.means.assign(numpy(prior.means)[::-1])
    np.testing.assert_allclose(numpy(prior(Z * 100))[:, ::-1], before, rtol=1e-6)
    assert np.isfinite(before).all()


def log_normal(x, mean, variance):
    return np.sum(-0.5 * (x - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance), axis=1)


def test_likelihoods():
    outputs = RNG.normal(size=(4, 5)).astype("float32")
    p = 1 / (1 + np.exp(-outputs))
    expected = np.sum(X * np.log(p) + (1 - X) * np.log(1 - p), axis=1)
    np.testing.assert_allclose(numpy(layers.Likelihood()(outputs, X)), expected, rtol=1e-5)
    for variance in (0.4, "learned"):
        expected = log_normal(X, outputs, 0.4 if variance == 0.4 else 1.0)
        np.testing.assert_allclose(numpy(layers.Likelihood("gaussian", variance)(outputs, X)), expected, rtol=1e-5)
    optimal = layers.Likelihood("gaussian", "optimal")
    expected = log_normal(X, outputs, np.mean((X - outputs) ** 2))
    np.testing.assert_allclose(numpy(optimal(outputs, X, training=True)), expected, rtol=1e-5)
    for _ in range(100):
        optimal(outputs, X, training=True)
    np.testing.assert_allclose(numpy(optimal(outputs, X)), expected, rtol=1e-3)


def test_the_levels_of_the_logistic_likelihood_sum_to_one():
    levels = (np.arange(256, dtype="float32") / 255)[:, None]
    for mean in (0.5, 0.0, -1.0, 3.0):
        log_p = numpy(layers.Likelihood("logistic")(np.full_like(levels, mean), levels))
        np.testing.assert_allclose(np.exp(log_p.astype("float64")).sum(), 1, rtol=1e-4)
        assert np.isfinite(log_p).all()


def test_bad_likelihoods():
    with pytest.raises(ValueError, match=r"`kind` must be one of .*received 'normal'"):
        layers.Likelihood("normal")
    with pytest.raises(ValueError, match=r"`variance` must be positive.*received 0"):
        layers.Likelihood("gaussian", 0)
    with pytest.raises(ValueError, match=r"`outputs` must have the shape of the data, \(4, 5\); received \(4, 1\)"):
        layers.Likelihood()(X[:, :1], X)


def test_bottleneck_price_and_mask():
    layer = layers.InformationBottleneck(0.5, seed=1)
    rates = numpy(gaussian.kl_divergence(PARAMETERS[:, :3], PARAMETERS[:, 3:]))
    layer(PARAMETERS, training=True)
    np.testing.assert_allclose(float(layer.losses[0]), 0.5 * rates.mean(), rtol=1e-5)
    np.testing.assert_allclose(float(layer.rate), rates.mean(), rtol=1e-5)
    mask = np.array([[True, True], [True, False]])
    layer = layers.InformationBottleneck(1.0, seed=1)
    layer(PARAMETERS.reshape(2, 2, 6), mask=mask, training=True)
    np.testing.assert_allclose(float(layer.losses[0]), rates[:3].mean(), rtol=1e-5)
    np.testing.assert_array_equal(numpy(layer(PARAMETERS)), PARAMETERS[:, :3])
    assert not layer.losses


def test_the_multiplier_rises_to_its_target_and_follows_a_schedule():
    layer = layers.InformationBottleneck(0.0, target_rate=1.0, ascent=0.1, seed=1)
    layer(PARAMETERS, training=True)
    assert float(layer.losses[0]) == 0
    np.testing.assert_allclose(float(layer.multiplier), 0.1 * (float(layer.rate) - 1), rtol=1e-5)
    layer = layers.InformationBottleneck(0.0, target_rate=1e4, ascent=0.1, seed=1)
    layer(PARAMETERS, training=True)
    assert float(layer.multiplier) == 0
    layer = layers.InformationBottleneck(keras.optimizers.schedules.PolynomialDecay(0.0, 10, 1.0), seed=1)
    for expected in (0.0, 0.1, 0.2):
        layer(PARAMETERS, training=True)
        np.testing.assert_allclose(float(layer.multiplier), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="`weight` must be at least 0"):
        layers.InformationBottleneck(-1.0)


def test_bottleneck_in_a_model_reaches_its_target_rate(tmp_path):
    """The published layer has no `get_config`, so a model with it cannot be loaded."""
    inputs = keras.Input((6,))
    bottleneck = layers.InformationBottleneck(0.0, target_rate=0.5, ascent=0.05, seed=1, name="bottleneck")
    model = keras.Model(inputs, keras.layers.Dense(2)(bottleneck(keras.layers.Dense(6)(inputs))))
    model.compile(keras.optimizers.Adam(0.05), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = RNG.normal(size=(64, 6)).astype("float32")
    model.fit(x, (x[:, 0] > 0).astype("int32"), batch_size=64, epochs=150, verbose=0)
    assert float(bottleneck.multiplier) > 0
    assert abs(float(bottleneck.rate) - 0.5) < 0.2
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert float(again.get_layer("bottleneck").multiplier) == float(bottleneck.multiplier)


def test_hsic_regularizer_hides_what_it_is_told_to(tmp_path):
    x = RNG.normal(size=(64, 4)).astype("float32")
    secret = (x[:, 0] > 0).astype("int32")
    found = []
    for weight in (0.0, 100.0):
        keras.utils.set_random_seed(1)
        inputs, label = keras.Input((4,)), keras.Input((), dtype="int32")
        layer = layers.HSICRegularizer(weight, kernel=("rbf", "delta"), bandwidth=(2.0, None))
        features = layer(keras.layers.Dense(3, name="features")(inputs), label)
        model = keras.Model([inputs, label], keras.layers.Dense(4)(features))
        model.compile(keras.optimizers.Adam(0.03), loss="mse")
        model.fit([x, secret], x, batch_size=64, epochs=60, verbose=0)
        shown = numpy(model.get_layer("features")(x))
        found.append(float(hsic.hsic(shown, secret, kernel=("rbf", "delta"), bandwidth=(2.0, None))))
    assert found[1] < found[0] / 4
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict([x, secret], verbose=0), model.predict([x, secret], verbose=0))
    with pytest.raises(ValueError, match="`kernel` must be of"):
        layers.HSICRegularizer(kernel="box")
