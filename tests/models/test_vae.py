import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers, models
from keras_blog.ops import gaussian

pytestmark = pytest.mark.usefixtures("without_xla")

RNG = np.random.default_rng(0)
X = (RNG.uniform(size=(12, 6)) < 0.5).astype("float32")
Y = RNG.integers(0, 3, size=12).astype("int32")


@pytest.fixture
def compiled(without_xla):
    """Takes back what `without_xla` has done."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.run_functions_eagerly(False)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def network(units, outputs, seed=0):
    start = keras.initializers.GlorotUniform(seed=seed)
    return keras.Sequential(
        [keras.Input((units,)), keras.layers.Dense(8, "tanh", kernel_initializer=start), keras.layers.Dense(outputs)]
    )


def vae(kind=models.VAE, **options):
    keras.utils.set_random_seed(0)
    return kind(network(6, 4), network(2, 6), seed=1, **options)


def clustering(classifier=True, **options):
    prior = layers.GaussianMixturePrior(3, mean_initializer="random_normal")
    return vae(models.ClusteringVAE, prior=prior, classifier=network(2, 3) if classifier else None, **options)


MODELS = {
    "elbo": (lambda: vae(beta=keras.optimizers.schedules.PolynomialDecay(0.1, 10, 1.0), free_bits=0.05), X),
    "sampled": (lambda: vae(objective="sampled", samples=2), X),
    "iwae": (lambda: vae(objective="iwae", samples=3), X),
    "dreg": (lambda: vae(objective="dreg", samples=3, likelihood=layers.Likelihood("gaussian", "learned")), X),
    "optimal": (lambda: vae(likelihood=layers.Likelihood("gaussian", "optimal")), X),
    "conditional": (lambda: vae(models.ConditionalVAE, classes=3), (X, Y)),
    "article": (clustering, X),
    "vade": (lambda: clustering(classifier=False), X),
    "exact": (lambda: clustering(exact=True), X),
}


@pytest.mark.parametrize("name", MODELS)
def test_trains_saves_loads_and_goes_on(name, tmp_path):
    make, x = MODELS[name]
    model = make()
    model.compile(keras.optimizers.Adam(0.01))
    history = model.fit(x, batch_size=12, epochs=25, verbose=0).history
    assert set(history) == {"loss", "rate", "distortion"}
    assert np.mean(history["loss"][-5:]) < np.mean(history["loss"][:5])
    assert int(model.step) == 25
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    again.seed_generator.state.assign(numpy(model.seed_generator.state))  # which Keras does not save
    losses = [each.fit(x, batch_size=12, epochs=1, shuffle=False, verbose=0).history["loss"] for each in (model, again)]
    np.testing.assert_allclose(*losses, rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_bug_a_classifier_in_half_precision_did_not_train_on_tensorflow(policy):
    keras.config.set_dtype_policy(policy)
    model = clustering()
    model.compile("sgd", jit_compile=False)
    assert np.isfinite(model.fit(X, verbose=0).history["loss"]).all()


def test_refuses_what_would_train_without_sense():
    """Bytes have no Bernoulli probability: the loss fell below 0. Labels of shape (batch, 1) made a mean for each pair."""
    model = vae()
    model.compile()
    for x in ((X * 255).astype("uint8"), X - 0.5, np.where(X > 0, np.nan, X)):
        for call in (model.fit, lambda x: model.log_likelihood(x, 1)):
            with pytest.raises(ValueError, match=r'`x` must be from 0 to 1 for a likelihood of kind "bernoulli".*received'):
                call(x)
    with pytest.raises(ValueError, match="`y` must be given with `sample_weight`"):
        model.fit(X, sample_weight=np.ones(12))
    model.compile(loss="mse")
    with pytest.raises(ValueError, match=r"`loss` of `compile` must be None.*received 'mse'"):
        model.fit(X)
    model = vae(models.ConditionalVAE, classes=3)
    model.compile()
    for y, message in (
        (Y[:, None], r"`inputs` must be data and class ids \(batch,\)"),
        (Y + 1, "`labels` must be from 0 to 2"),
    ):
        with pytest.raises(ValueError, match=f"{message}.*received"):
            model.fit((X, y))
    with pytest.raises(ValueError, match=r"`inputs` must be data and class ids .*received shapes \(12, 6\)"):
        model.fit(X, Y)
    with pytest.raises(ValueError, match="`labels` must be from 0 to 2"):
        model.generate(2, label=-1)
    with pytest.raises(ValueError, match="`cluster` must be an int from 0 to 2; received 3"):
        clustering().sample(3, 1)


def test_runs_compiled(compiled):
    model = clustering()
    model.compile(keras.optimizers.Adam(0.01), jit_compile=keras.config.backend() != "torch")
    history = model.fit(X, batch_size=12, epochs=25, verbose=0).history["loss"]
    assert np.mean(history[-5:]) < np.mean(history[:5])
    assert np.isfinite(model.log_likelihood(X, 4, 2).value).all()


def parts(model, z):
    """Log p(x | z), log p(z) and log q(z | x) of latents `(samples, batch, latent)`, float64."""
    z = np.asarray(z, "float64")
    logits = np.stack([numpy(model.decoder(part.astype("float32"))) for part in z]).astype("float64")
    log_p = np.sum(X * logits - np.logaddexp(0, logits), axis=-1)
    mean, log_variance = np.split(model.predict(X, verbose=0).astype("float64"), 2, axis=-1)
    log_q = -0.5 * np.sum((z - mean) ** 2 / np.exp(log_variance) + log_variance + np.log(2 * np.pi), -1)
    return log_p, -0.5 * np.sum(z**2 + np.log(2 * np.pi), -1), log_q


def drawn(model, samples):
    """The latents of the next batch, as the model will draw them."""
    mean, log_variance = np.split(model.predict(X, verbose=0), 2, axis=-1)
    again = keras.random.SeedGenerator(0)
    again.state.assign(numpy(model.seed_generator.state))
    noise = numpy(keras.random.normal((samples, 12, 2), seed=again))
    return mean + np.exp(0.5 * log_variance) * noise, mean, log_variance


def test_objectives_are_what_they_are_called():
    for objective, samples in (("elbo", 2), ("sampled", 2), ("iwae", 4), ("dreg", 4), ("iwae", 1)):
        model = vae(objective=objective, samples=samples)
        model.compile()
        z, mean, log_variance = drawn(model, samples)
        log_p, log_prior, log_q = parts(model, z)
        expected = {
            "elbo": -log_p.mean(0) + 0.5 * np.sum(mean**2 + np.exp(log_variance) - log_variance - 1, axis=-1),
            "sampled": -(log_p + log_prior - log_q).mean(0),
        }.get(objective, -np.log(np.exp(log_p + log_prior - log_q).mean(0)))
        got = model.evaluate(X, batch_size=12, verbose=0, return_dict=True)["loss"]
        np.testing.assert_allclose(got, expected.mean(), rtol=1e-5)


def test_one_importance_sample_is_the_sampled_bound():
    values = []
    for objective in ("sampled", "iwae", "dreg"):
        model = vae(objective=objective)
        model.compile()
        values.append(model.evaluate(X, batch_size=12, verbose=0)[0])
    np.testing.assert_allclose(values, values[0], rtol=1e-6)


def test_free_bits_beta_and_the_gradient_of_dreg_at_one_sample():
    plain, free, doubled = vae(), vae(free_bits=100.0), vae(beta=2.0)
    for model in (plain, free, doubled):
        model.compile()
    a, b, c = (model.evaluate(X, batch_size=12, verbose=0, return_dict=True) for model in (plain, free, doubled))
    assert b["rate"] == 200
    np.testing.assert_allclose(c["loss"], a["loss"] + a["rate"], rtol=1e-5)


def test_sample_weights_and_the_clusters_invariance():
    model = clustering()
    model.compile()
    before = model.evaluate(X, batch_size=12, verbose=0)[0]
    generator = keras.random.SeedGenerator(1)
    model.seed_generator.state.assign(numpy(generator.state))
    model.prior.means.assign(numpy(model.prior.means)[::-1])
    for weight in model.classifier.layers[-1].weights:
        weight.assign(numpy(weight)[..., ::-1])
    np.testing.assert_allclose(model.evaluate(X, batch_size=12, verbose=0)[0], before, rtol=1e-5)
    model = vae()
    model.compile()
    # Keras drops the weights of data without labels, so these come with some, which are not read.
    assert model.evaluate(X, X, batch_size=12, sample_weight=np.zeros(12), verbose=0)[0] == 0


@pytest.mark.parametrize("classifier", [True, False])
def test_one_cluster_at_the_origin_is_a_vae(classifier):
    keras.utils.set_random_seed(0)
    head = network(2, 1) if classifier else None
    one = models.ClusteringVAE(network(6, 4), network(2, 6), layers.GaussianMixturePrior(1), head, seed=1)
    one.compile()
    plain = vae(objective="sampled")
    plain.compile()
    for a, b in zip(
        [*plain.encoder.weights, *plain.decoder.weights], [*one.encoder.weights, *one.decoder.weights], strict=True
    ):
        a.assign(numpy(b))
    values = [model.evaluate(X, batch_size=12, verbose=0)[0] for model in (one, plain)]
    np.testing.assert_allclose(*values, rtol=1e-5)


def linear_gaussian(scale=1.0, mean=(0.5, 0.0), log_variance=-0.6931472):
    """x | z ~ N(z, 1), and an encoder that gives q(z | x) = N(m x + b, v)."""
    encoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
    decoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    encoder.set_weights([np.array([[mean[0], 0.0]]), np.array([mean[1], log_variance])])
    decoder.set_weights([np.array([[scale]]), np.zeros(1)])
    model = models.VAE(encoder, decoder, layers.Likelihood("gaussian", 1.0))
    model.compile()
    return model


def test_the_linear_gaussian_log_likelihood_is_exact():
    x = np.array([[1.0], [-2.0], [0.3]], "float32")
    exact = -0.5 * np.log(2 * np.pi * 2) - x[:, 0] ** 2 / 4
    np.testing.assert_allclose(exact[0], -1.51551212348)
    for samples, chunk in ((1, 100), (7, 3), (50, 100)):
        found = linear_gaussian().log_likelihood(x, samples, chunk, seed=0)
        np.testing.assert_allclose(found.value, exact, atol=1e-5)
        assert found.value.shape == (3,)
    assert found.standard_error.max() < 1e-5
    np.testing.assert_allclose(found.effective_samples, 50, rtol=1e-4)
    prior = linear_gaussian(mean=(0.0, 0.0), log_variance=0.0).log_likelihood(x, 20_000, 5000, seed=0)
    assert (np.abs(prior.value - exact) < 4 * prior.standard_error).all()
    narrow = linear_gaussian(log_variance=-3.0)
    assert narrow.log_likelihood(x, 1000, 500, seed=0).pareto_k[0] > 0.7
    wide = narrow.log_likelihood(x, 1000, 500, inflation=4.0, seed=0)
    assert wide.pareto_k[0] < 0.5
    np.testing.assert_allclose(wide.value, exact, atol=0.1)


def test_log_likelihood_is_above_the_bound_and_bad_numbers_are_named():
    model = clustering()
    one, many = (model.log_likelihood(X, samples, 64, seed=0).value.mean() for samples in (1, 500))
    assert many > one
    conditional = vae(models.ConditionalVAE, classes=3)
    assert conditional.log_likelihood((X, Y), 8, 4).value.shape == (12,)
    for x, samples, message in ((X, 0, "`samples` must be a positive int; received 0"), (X[:0], 1, "`x` must be arrays of")):
        with pytest.raises(ValueError, match=message):
            model.log_likelihood(x, samples)


def test_log_likelihood_is_of_the_weights_of_today_and_no_part_of_the_file(tmp_path):
    x = np.array([[1.0], [-2.0]], "float32")
    model = linear_gaussian()
    first = model.log_likelihood(x, 20, 4, seed=0).value
    model.decoder.set_weights([np.array([[2.0]]), np.zeros(1)])
    found = model.log_likelihood(x, 20, 4, seed=0).value
    assert np.abs(found - first).max() > 0.1
    np.testing.assert_allclose(found, linear_gaussian(scale=2.0).log_likelihood(x, 20, 4, seed=0).value, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.log_likelihood(x, 20, 4, seed=0).value, found, rtol=1e-5)


def test_what_a_user_calls():
    model = vae()
    assert model.encode(X).shape == (12, 2)
    assert model.reconstruct(X).shape == (12, 6)
    assert model.generate(5, seed=0).shape == (5, 6)
    assert model.interpolate(X[:2], X[2:4], points=4).shape == (4, 2, 6)
    assert clustering().sample(1, 4).shape == clustering().generate(4).shape == (4, 6)  # before any training
    assert vae(models.ConditionalVAE, classes=3).generate(4).shape == (4, 6)
    model = clustering()
    labels = model.start_clusters(X, seed=0)
    assert labels.shape == model.cluster(X).shape == (12,)
    np.testing.assert_allclose(model.assign_proba(X).sum(1), 1, rtol=1e-5)
    assert model.sample(1, 4, temperature=0.0).std(axis=0).max() < 1e-6
    assert model.generate(7, seed=0).shape == (7, 6)
    model = vae(models.ConditionalVAE, classes=3)
    model((X, Y))
    assert model.generate(4, label=2).shape == (4, 6)


def test_article_rate_is_exact_at_the_values_of_the_systems_file():
    """Equation 8 leaves out half the squared noise and the constant of the last term: neither is left out here."""
    prior = layers.GaussianMixturePrior(3)
    head = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    head.set_weights([np.zeros((2, 3)), np.log([0.2, 0.7, 0.1])])
    model = models.ClusteringVAE(network(6, 4), network(2, 6), prior, head)
    model.build()
    prior.means.assign([[0, 0], [1, -1], [-2, 0.5]])
    mean, log_variance = np.array([[0.5, -1.0]], "float32"), np.array([[0.2, -0.7]], "float32")
    z = gaussian.sample(mean, log_variance, np.array([[[0.3, -0.4]]], "float32"))
    rate = float(numpy(model.rate(None, mean, log_variance, z))[0])
    np.testing.assert_allclose(rate, 0.95584628098 + 0.29679373612, rtol=1e-5)
    model.exact = True
    rate = float(numpy(model.rate(None, mean, log_variance, z))[0])
    np.testing.assert_allclose(rate, 0.74649403098 + 0.29679373612, rtol=1e-5)


def test_bad_arguments():
    for options, message in (
        ({"objective": "best"}, "`objective` must be one of"),
        ({"samples": 0}, "`samples` must be a positive int; received 0"),
        ({"beta": -1}, "`beta` must be at least 0, or a schedule of keras.optimizers; received -1"),
        ({"beta": lambda step: 0.5}, "`beta` must be at least 0, or a schedule of keras.optimizers; received"),  # cannot load
        ({"beta": 2.0, "objective": "iwae"}, '`objective` must be "elbo" for `beta` and `free_bits` to count; received'),
        ({"likelihood": "gaussian"}, "`likelihood` must be a layers.Likelihood; received 'gaussian'"),
        ({"kind": models.ClusteringVAE, "prior": layers.GaussianMixturePrior(3), "free_bits": 0.1}, "`free_bits` must be 0"),
        (
            {"kind": models.ClusteringVAE, "prior": layers.GaussianMixturePrior(3), "exact": True, "objective": "iwae"},
            "`objective`",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            vae(**options)
    with pytest.raises(ValueError, match=r"`encoder` must put out twice .*\(None, 4\); received \(None, 3\)"):
        models.VAE(network(6, 3), network(2, 6))
    own = keras.Sequential([keras.layers.Dense(4)])
    for networks, name in (((own, network(2, 6)), "encoder"), ((network(6, 4), own), "decoder")):
        with pytest.raises(ValueError, match=f"`{name}` must be a functional or Sequential model with an Input .*received"):
            models.VAE(*networks)
    with pytest.raises(ValueError, match="`classifier` must put out a score a component, 3"):
        vae(models.ClusteringVAE, prior=layers.GaussianMixturePrior(3), classifier=network(2, 4))
