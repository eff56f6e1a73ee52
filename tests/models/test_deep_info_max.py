import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import models

pytestmark = pytest.mark.usefixtures("without_xla")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4, 4, 1)).astype("float32")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def parts():
    features = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(3, 2, strides=2, activation="tanh")])
    encoder = keras.Sequential([keras.Input((2, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(4)])
    return features, encoder


def model_of(**options):
    keras.utils.set_random_seed(0)
    model = models.DeepInfoMax(*parts(), units=8, seed=1, **options)
    model.compile(keras.optimizers.Adam(0.01))
    return model


@pytest.mark.parametrize("bound", ["jensen_shannon", "info_nce"])
def test_trains_saves_loads_and_goes_on(bound, tmp_path):
    model = model_of(bound=bound)
    history = model.fit(X, batch_size=12, epochs=16, verbose=0).history
    assert set(history) == {"loss", "global_bound", "local_bound", "rate"}
    assert np.mean(history["loss"][-5:]) < np.mean(history["loss"][:5])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(again.encode(X), model.encode(X))
    again.seed_generator.state.assign(numpy(model.seed_generator.state))  # which Keras does not save
    losses = [each.fit(X, batch_size=12, epochs=1, shuffle=False, verbose=0).history["loss"] for each in (model, again)]
    np.testing.assert_allclose(*losses, rtol=1e-6)


def test_runs_compiled():
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.run_functions_eagerly(False)
    model = model_of()
    model.compile(keras.optimizers.Adam(0.01), jit_compile=keras.config.backend() != "torch")
    history = model.fit(X, batch_size=12, epochs=12, verbose=0).history["loss"]
    assert np.mean(history[-5:]) < np.mean(history[:5])


def test_the_code_does_not_depend_on_the_batch():
    model = model_of()
    codes = model.encode(X)
    assert codes.shape == (12, 2)
    np.testing.assert_allclose(model.encode(X, batch_size=5), codes, atol=1e-6)


def drawn(model):
    """Feature maps, codes as the next batch will draw them, and the mean divergence; NumPy, float64."""
    parameters, maps = (numpy(part) for part in model(X))
    mean, log_variance = np.split(parameters.astype("float64"), 2, axis=-1)
    again = keras.random.SeedGenerator(0)
    again.state.assign(numpy(model.seed_generator.state))
    z = mean + np.exp(0.5 * log_variance) * numpy(keras.random.normal((12, 2), seed=again))
    return maps, z, 0.5 * np.mean(np.sum(mean**2 + np.exp(log_variance) - log_variance - 1, axis=-1))


def project(model, name, x):
    flat = np.asarray(x, "float32").reshape(-1, x.shape[-1])
    return numpy(model.projections[name](flat)).reshape(*x.shape[:-1], -1).astype("float64")


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


def test_bug_false_pairs_are_all_others_and_no_true_one():
    """Pair by pair. The published code shuffles the batch, which leaves one true pair in place on average."""
    model = model_of()
    maps, z, rate = drawn(model)
    bounds = []
    for name, sides in (("whole", maps.reshape(12, 1, 12)), ("place", maps.reshape(12, 4, 3))):
        places, codes = project(model, name, sides), project(model, f"code_of_{name}", z)
        true, false = [], []
        for i in range(12):
            for place in places[i]:
                for j in range(12):
                    score = place @ codes[j] / np.sqrt(8)
                    (true if i == j else false).append(log_sigmoid(score if i == j else -score))
        assert len(false) == 11 * len(true)
        bounds.append(0.5 * (np.mean(true) + np.mean(false)) + np.log(2))
    got = model.evaluate(X, batch_size=12, verbose=0, return_dict=True)
    np.testing.assert_allclose([got["global_bound"], got["local_bound"], got["rate"]], [*bounds, rate], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(got["loss"], 0.001 * rate - 0.5 * bounds[0] - 1.5 * bounds[1], rtol=1e-4)


def test_bug_the_global_pair_is_image_and_code_not_code_and_code():
    """A code of noise tells nothing about its image, yet a critic of the pair (z, z) knows its own from the others."""
    features, encoder = parts()
    for weight in encoder.weights:
        weight.assign(np.zeros(weight.shape))
    encoder.trainable = False
    keras.utils.set_random_seed(0)
    model = models.DeepInfoMax(features, encoder, units=8, seed=1)
    model.compile(keras.optimizers.Adam(0.03))
    history = model.fit(X, batch_size=12, epochs=16, verbose=0).history
    assert np.mean(history["global_bound"][-6:]) < 0.02
    assert np.allclose(history["rate"], 0)


def test_the_prior_draws_the_codes_to_it():
    model = model_of(prior_weight=1.0)
    model.compile(keras.optimizers.Adam(0.05))
    rates = model.fit(X, batch_size=12, epochs=12, verbose=0).history["rate"]
    assert rates[-1] < 0.6 * rates[0]


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"bound": "mine"}, "bound"),
        ({"local_weight": -1}, "local_weight"),
        ({"units": 0}, "units"),
        ({"features": parts()[1]}, "features"),
        ({"encoder": parts()[0]}, "encoder"),
    ],
)
def test_refuses_bad_options(options, argument):
    features, encoder = parts()
    with pytest.raises(ValueError, match=rf"`{argument}` must .*received"):
        models.DeepInfoMax(**{"features": features, "encoder": encoder, **options})


def test_refuses_weights_of_samples():
    with pytest.raises(ValueError, match="`sample_weight` must be None"):
        model_of().compute_loss(X, sample_weight=np.ones(12))
