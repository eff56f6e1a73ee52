import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import callbacks, layers, losses, models

BACKEND = keras.config.backend()
NOISE, REAL = (np.random.default_rng(i).normal(size=(16, 2)).astype("float32") for i in (0, 1))


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def dirac(theta, phi, *arguments, **options):
    """G(z) = z + theta and T(x) = phi x, of one number each."""
    z, x = keras.Input((1,)), keras.Input((1,))
    shift = keras.layers.Dense(1, kernel_initializer="ones", name="shift")
    generator = keras.Model(z, shift(z))
    slope = keras.layers.Dense(1, use_bias=False, name="slope")
    discriminator = keras.Model(x, slope(x))
    shift.bias.assign([theta])
    shift.kernel.trainable = False
    slope.kernel.assign([[phi]])
    return models.GAN(generator, discriminator, *arguments, **options)


def networks(normalised=False, dropout=0.0):
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)])
    between = [keras.layers.BatchNormalization()] if normalised else [keras.layers.Dropout(dropout, seed=3)]
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "relu"), *between, keras.layers.Dense(1)])
    return generator, discriminator


def place(gan):
    shift, slope = gan.generator.get_layer("shift"), gan.discriminator.get_layer("slope")
    return float(numpy(shift.bias)[0]), float(numpy(slope.kernel)[0, 0])


@pytest.mark.parametrize("run", range(6 if BACKEND == "tensorflow" else 1))
def test_a_step_moves_each_player_by_its_own_gradient(run):
    """At G(z) = z + theta, T(x) = phi x: the gradients of the Wasserstein loss and of the penalty by hand.

    In TensorFlow's graph the order of a read and an update was left to chance: without `ordered_gradient` 17 of 40 failed.
    """
    zeros, two = np.zeros((4, 1), "float32"), np.full((4, 1), 2.0, "float32")
    gan = dirac(0.5, 1.5, losses.WassersteinGAN(), losses.GradientPenalty(0.25, 4.0), average=0.0)
    gan.compile(keras.optimizers.SGD(0.1))
    logs = gan.fit(zeros, two, batch_size=4, verbose=0).history
    phi_gradient = -2.0 + 0.5 + 0.25 * 4 * 1.5**3
    np.testing.assert_allclose(place(gan), (0.5 + 0.1 * 1.5, 1.5 - 0.1 * phi_gradient), rtol=1e-5)
    expected = {"discriminator_loss": 1.5 * (0.5 - 2), "generator_loss": -0.75, "divergence": 2.25, "penalty": 0.25 * 1.5**4}
    assert {name: logs[name][0] for name in expected} == pytest.approx(expected, rel=1e-5)


def test_the_anchor_pulls_towards_the_generator_before_and_not_at_first():
    """5716 with the published scale, a mean over the entries: |d theta|^2, gradient 2 d theta; 0 at the first step."""
    zeros = np.zeros((4, 1), "float32")
    gan = dirac(0.5, 1.0, losses.WassersteinGAN(), anchor=2.0, average=0.0)
    gan.compile(models.PlayerOptimizer(keras.optimizers.SGD(0.1), keras.optimizers.SGD(1e-30)))
    steps = [0.5]
    for _ in range(3):
        gan.fit(zeros, zeros, batch_size=4, verbose=0)
        steps.append(place(gan)[0])
    expected = [0.5, 0.6]  # without a pull: 0.1 a step
    expected.append(expected[1] + 0.1 * (1 - 4 * 0.1))
    expected.append(expected[2] + 0.1 * (1 - 4 * (expected[2] - expected[1])))
    np.testing.assert_allclose(steps, expected, rtol=1e-5)


def test_each_player_has_its_rate_and_pace():
    zeros, two = np.zeros((4, 1), "float32"), np.full((4, 1), 2.0, "float32")
    gan = dirac(0.0, 1.0, losses.WassersteinGAN())
    gan.compile(models.PlayerOptimizer(keras.optimizers.SGD(0.1, momentum=0.5), keras.optimizers.SGD(0.01), every=(3, 1)))
    thetas = []
    for _ in range(4):
        gan.fit(zeros, two, batch_size=4, verbose=0)
        thetas.append(place(gan)[0])
    np.testing.assert_allclose(thetas, [0, 0, 0.1 * (1 + 2 * 0.02), thetas[2]], rtol=1e-5)


EVERY = {
    "gan": (losses.FGAN(), None),
    "hinge": (losses.HingeGAN(), losses.R1(1.0)),
    "quadratic": (losses.QuadraticPotential(), None),
    "wasserstein divergence": (losses.WassersteinGAN(), losses.WassersteinDivergence()),
    "average": (losses.RelativisticGAN(average=True), losses.R2(1.0)),
}


@pytest.mark.parametrize("name", EVERY)
def test_it_trains_jitted_saves_and_goes_on(name, tmp_path):
    """Nothing is drawn in these: a `.keras` file keeps no state of a random generator; `ExactResume` does, see below."""
    gan = models.GAN(*networks(), *EVERY[name], anchor=0.1, seed=1)
    optimizer = models.PlayerOptimizer(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(2e-2), every=(2, 1))
    gan.compile(optimizer, jit_compile=BACKEND != "torch" and EVERY[name][1] is not None)
    before = numpy(gan.generator.trainable_variables[0])
    gan.fit(REAL, batch_size=8, verbose=0)
    assert not np.allclose(before, numpy(gan.generator.trainable_variables[0]))
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(gan.generate(3, seed=1), again.generate(3, seed=1))
    ends = []
    for model in (gan, again):
        logs = model.fit(NOISE, REAL, batch_size=8, epochs=2, shuffle=False, verbose=0).history
        assert all(np.isfinite(values).all() for values in logs.values())
        ends.append([numpy(v) for v in model.trainable_variables])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_run_that_was_cut_off_ends_as_the_unbroken_one(tmp_path):
    ends = []
    for stops in ([4], [2, 4]):
        keras.utils.set_random_seed(5)
        for i, epochs in enumerate(stops):
            if i:
                keras.utils.set_random_seed(77)  # a new process knows nothing
            penalty = losses.GradientPenalty(at="interpolates")
            gan = models.GAN(*networks(dropout=0.2), losses.WassersteinGAN(), penalty, anchor=1.0, seed=2)
            gan.compile(models.PlayerOptimizer("adam", "adam", every=(2, 1)))
            backup = callbacks.ExactResume(tmp_path / f"{len(stops)}.npz")
            gan.fit(REAL, batch_size=8, epochs=epochs, initial_epoch=backup.restore(gan), callbacks=[backup], verbose=0)
        ends.append([numpy(v) for v in gan.variables])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_state_of_a_network_is_written_once_a_step():
    """A discriminator that is called thrice a step would move its statistics three times: mean 1, momentum .5."""
    x = keras.Input((2,))
    normalization = keras.layers.BatchNormalization(momentum=0.5, name="statistics")
    discriminator = keras.Model(x, keras.layers.Dense(1)(normalization(x)))
    generator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="zeros", bias_initializer="ones")]
    )
    gan = models.GAN(generator, discriminator)
    gan.compile(keras.optimizers.SGD(0.0))
    gan.fit(NOISE, np.ones_like(REAL), batch_size=16, verbose=0)
    np.testing.assert_allclose(numpy(discriminator.get_layer("statistics").moving_mean), [0.5, 0.5], rtol=1e-6)


@pytest.mark.parametrize("at", ["both", "fake"])
def test_a_penalty_leaves_the_state_and_the_scores_as_they_are(at):
    """At "both" scores and the generator's gradient come out of the call that gives the slope. Iterations of power: one a
    step, in either case."""
    ends = []
    for penalty in (None, losses.GradientPenalty(0.0, at=at)):
        keras.utils.set_random_seed(3)
        hidden = layers.SpectralNormalization(keras.layers.Dense(8, "relu"), seed=1)
        score = keras.layers.Dense(1, kernel_regularizer="l2", activity_regularizer="l2")
        discriminator = keras.Sequential([keras.Input((2,)), hidden, score])
        gan = models.GAN(networks()[0], discriminator, losses.RelativisticGAN(), penalty)
        gan.compile(keras.optimizers.SGD(0.1))
        gan.fit(NOISE, REAL, batch_size=8, shuffle=False, verbose=0)
        ends.append([numpy(v) for v in [*gan.trainable_variables, hidden.u]])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("at", "spectral"), [(None, False), ("both", False), ("real", False), ("both", True)])
def test_regularisers_of_a_discriminator_count_once(at, spectral):
    """That of its activity was lost: a second call clears what the first has left."""
    generator, _ = networks()
    score = keras.layers.Dense(1, "tanh", kernel_regularizer="l1", activity_regularizer="l2", use_bias=False)
    constrained = layers.SpectralNormalization(score) if spectral else score
    discriminator = keras.Sequential([keras.Input((2,)), constrained])
    gan = models.GAN(generator, discriminator, penalty=losses.GradientPenalty(0.0, at=at) if at else None)
    gan.compile("sgd")
    logs = gan.evaluate(NOISE, REAL, batch_size=16, verbose=0, return_dict=True)
    both = np.concatenate([REAL, numpy(generator(NOISE))])
    expected = 0.01 * np.abs(numpy(score.kernel)).sum() + 0.01 * np.square(numpy(discriminator(both))).sum() / len(both)
    assert logs["loss"] - logs["discriminator_loss"] - logs["generator_loss"] == pytest.approx(expected, rel=1e-4)


def test_the_anchor_leaves_dropout_and_regularisers_alone():
    """The generator before saw another dropout, so there was a pull where both are the same; and on JAX its call took the
    regularisers of the generator with it."""
    body = [keras.layers.Dense(8, activity_regularizer="l2"), keras.layers.Dropout(0.5, seed=1), keras.layers.Dense(2)]
    ends = []
    for anchor in (0.0, 100.0):
        generator = keras.Sequential([keras.Input((2,)), *(layer.from_config(layer.get_config()) for layer in body)])
        generator.set_weights([np.full(v.shape, 0.1) for v in generator.weights])
        gan = models.GAN(generator, keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), anchor=anchor)
        gan.compile("sgd")
        logs = gan.fit(NOISE, REAL, batch_size=16, verbose=0).history
        ends.append(logs["loss"][0] - logs["discriminator_loss"][0] - logs["generator_loss"][0])
    hidden = NOISE @ np.full((2, 8), 0.1) + 0.1
    np.testing.assert_allclose(ends, 0.01 * np.square(hidden).sum() / len(hidden), rtol=1e-4)


@pytest.mark.parametrize("penalty", [None, losses.R1(), losses.WassersteinDivergence()])
def test_bug_a_frozen_layer_stopped_torch(penalty):
    """It was written to as if it were state, and its gradient still had to come."""
    parts = ([keras.layers.Dense(4, "tanh", trainable=False), keras.layers.Dense(units)] for units in (2, 1))
    gan = models.GAN(*(keras.Sequential([keras.Input((2,)), *part]) for part in parts), penalty=penalty, anchor=1.0)
    before = [numpy(v) for v in gan.variables]
    gan.compile("sgd", run_eagerly=True)
    gan.fit(NOISE, REAL, batch_size=16, verbose=0)
    moved = {id(v) for v, old in zip(gan.variables, before, strict=True) if np.any(numpy(v) != old)}
    assert {id(v) for v in gan.trainable_variables} <= moved
    assert not moved & {id(v) for net in (gan.generator, gan.discriminator) for v in net.layers[0].variables}


def test_what_fit_takes():
    """Arrays and tensors of samples; pairs in a data set, and no samples alone; no integers."""

    def new(**options):
        gan = models.GAN(*(keras.Sequential([keras.Input((n,)), keras.layers.Dense(m)]) for n, m in ((3, 2), (2, 1))))
        gan.compile("sgd", run_eagerly=True, **options)
        return gan

    gan, noise = new(), np.ones((16, 3), "float32")
    for data in ((REAL,), (ops.convert_to_tensor(REAL),), (noise, REAL), (((noise, REAL) for _ in range(2)),)):
        assert np.isfinite(gan.fit(*data, verbose=0).history["loss"]).all()
    for call, message in (
        (lambda: new().fit((REAL * 9).astype("uint8"), verbose=0), r"`y` must be floats in the range .*received .*uint8"),
        (lambda: new().evaluate(REAL, verbose=0), r"`inputs` must be noise of shape \(None, 3\).* received \(.*, 2\)"),
        (lambda: new(loss="mse"), r"`loss` of `compile` must be None.*received 'mse'"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_weights_of_samples_count():
    zeros, real = np.zeros((4, 1), "float32"), np.array([[1], [2], [30], [40]], "float32")
    gan = dirac(0.0, 1.0, losses.WassersteinGAN())
    gan.compile(keras.optimizers.SGD(0.1))
    gan.fit(zeros, real, batch_size=4, sample_weight=np.array([2.0, 2.0, 0.0, 0.0]), verbose=0)
    np.testing.assert_allclose(place(gan), (0.1, 1.0 + 0.1 * 1.5), rtol=1e-5)


def test_half_precision_is_finite():
    keras.config.set_dtype_policy("mixed_float16")
    gan = models.GAN(*networks(), losses.WassersteinGAN(), losses.WassersteinDivergence())
    gan.compile(models.PlayerOptimizer("sgd", "sgd"), jit_compile=False)
    logs = gan.fit(REAL, batch_size=8, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())


def test_noise_batches_show_all_and_draw_anew():
    batches = models.NoiseBatches(np.arange(10), (3,), batch_size=5)
    first = [batches[i] for i in range(2)]
    assert sorted(np.concatenate([images for _, images in first])) == list(range(10))
    np.testing.assert_array_equal(first[1][0], batches[1][0])
    batches.on_epoch_begin()
    assert not np.allclose(first[0][0], batches[0][0])


def test_wrong_arguments():
    generator, discriminator = networks()
    for make in (
        lambda: models.GAN(keras.Sequential([keras.layers.Dense(2)]), discriminator),
        lambda: models.GAN(generator, discriminator, average=1.0),
        lambda: models.GAN(generator, discriminator, anchor=-1.0),
        lambda: models.GAN(generator, discriminator, "hinge"),
        lambda: models.GAN(generator, discriminator, losses.HingeGAN),
        lambda: models.GAN(generator, discriminator, keras.losses.BinaryCrossentropy()),
        lambda: models.GAN(generator, discriminator, penalty=losses.R1),
        lambda: losses.FGAN(["kl"]),
        lambda: models.GAN(networks(True)[0], networks(True)[1], losses.WassersteinGAN(), losses.R1()),
        lambda: models.PlayerOptimizer("sgd", "sgd", every=(0, 1)),
        lambda: models.NoiseBatches(REAL, (2,), 0),
        lambda: models.GAN(generator, discriminator).compute_loss(NOISE, None, NOISE),
        lambda: models.GAN(generator, discriminator).compute_loss(NOISE, REAL[:, :1], NOISE),
    ):
        with pytest.raises(ValueError, match=r"`.*` must .*received"):
            make()
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(models.PlayerOptimizer("sgd", "sgd"), "mse")
    with pytest.raises(ValueError, match="must be that of a model with players"):
        model.fit(REAL[:, :1], REAL[:, :1], verbose=0)
