"""AAE and ALI: what they share, and the loss of each player."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import losses, models
from tests.gradients import value_and_gradients

RNG = np.random.default_rng(0)
NOISE, REAL = RNG.normal(size=(16, 3)).astype("float32"), RNG.normal(size=(16, 5)).astype("float32")
KINDS = ("aae", "ali", "ali_min_max")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def network(length, outputs):
    return keras.Sequential([keras.Input((length,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(outputs)])


def judge_of_pairs():
    samples, codes = keras.Input((5,)), keras.Input((3,))
    hidden = keras.layers.Dense(8, "tanh")(keras.layers.Concatenate()([samples, codes]))
    return keras.Model([samples, codes], keras.layers.Dense(1)(hidden))


def make(kind, **kwargs):
    generator, encoder = network(3, 5), network(5, 3)
    if kind == "aae":
        return models.AAE(generator, encoder, network(3, 1), **kwargs)
    return models.ALI(generator, encoder, judge_of_pairs(), min_max=kind == "ali_min_max", **kwargs)


def data(kind):
    return (REAL, NOISE) if kind == "aae" else (NOISE, REAL)


def log_sigmoid(scores):
    return ops.mean(-ops.softplus(-scores))


@pytest.mark.parametrize("kind", KINDS)
def test_one_pass_gives_each_player_the_gradients_of_its_own_loss(kind):
    """Written out as 5716 does, with log D; a step of SGD(1) is the gradient."""
    gan = make(kind)
    parts = (gan.generator, gan.encoder, gan.discriminator)
    start = [numpy(v) for part in parts for v in part.trainable_variables]

    def outputs(arrays, noise, real):
        g, e, d = arrays[:4], arrays[4:8], arrays[8:]
        made, codes = gan.generator.stateless_call(g, [], noise)[0], gan.encoder.stateless_call(e, [], real)[0]
        rows = [noise, codes] if kind == "aae" else [[real, codes], [made, noise]]
        again = gan.generator.stateless_call(g, [], codes)[0]
        return [gan.discriminator.stateless_call(d, [], row)[0] for row in rows], ops.mean(ops.square(real - again))

    def of_discriminator(*arrays):
        (real, fake), _ = outputs([*start[:8], *arrays[:4]], *arrays[4:])
        return -log_sigmoid(real) - log_sigmoid(-fake)

    def of_others(*arrays):
        (real, fake), error = outputs([*arrays[:8], *start[8:]], *arrays[8:])
        if kind == "aae":
            return -log_sigmoid(fake) + 10.0 * error
        return -log_sigmoid(-real if kind == "ali_min_max" else real) - log_sigmoid(fake)

    _, last = value_and_gradients(of_discriminator, *start[8:], constants=(NOISE, REAL))
    _, first = value_and_gradients(of_others, *start[:8], constants=(NOISE, REAL))
    gan.compile(keras.optimizers.SGD(1.0))
    gan.fit(*data(kind), batch_size=16, shuffle=False, verbose=0)
    after = [numpy(v) for part in parts for v in part.trainable_variables]
    for before, now, gradient in zip(start, after, (*first, *last), strict=True):
        assert np.abs(gradient).max() > 1e-6
        np.testing.assert_allclose(before - now, gradient, rtol=1e-3, atol=1e-5)


def linear(make):
    """A GAN of linear networks from a plane to a plane."""
    generator, encoder = (keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]) for _ in range(2))
    if make is models.AAE:
        return models.AAE(generator, encoder, network(2, 1), penalty=losses.R1(0.5), average=0.9)
    sample, code = keras.Input((2,)), keras.Input((2,))
    hidden = keras.layers.Dense(32, "tanh")(keras.layers.Concatenate()([sample, code]))
    judge = keras.Model([sample, code], keras.layers.Dense(1)(hidden))
    return models.ALI(generator, encoder, judge, penalty=losses.R1(0.5), min_max=True, average=0.9)


@pytest.mark.parametrize("make", [models.AAE, models.ALI])
def test_it_learns_to_reconstruct_saves_and_loads(make, tmp_path):
    """Gaussian samples, which a linear map makes of noise."""
    keras.utils.set_random_seed(0)
    plane = np.random.default_rng(1).normal(size=(256, 2)).astype("float32") @ np.float32([[1.0, 0.5], [-0.5, 1.0]])
    gan = linear(make)
    gan.compile(models.PlayerOptimizer(keras.optimizers.Adam(1e-2, 0.5), keras.optimizers.Adam(1e-2, 0.5)))
    before = np.square(plane - gan.reconstruct(plane, averaged=False)).mean()
    logs = gan.fit(plane, batch_size=64, epochs=80, verbose=0).history
    assert np.square(plane - gan.reconstruct(plane)).mean() < before / 4
    assert {"discriminator_loss", "generator_loss", "divergence", "penalty"} <= set(logs)
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    for averaged in (True, False):
        np.testing.assert_array_equal(gan.reconstruct(plane, averaged), again.reconstruct(plane, averaged))
    assert getattr(again, "min_max", True)
    assert gan.encode(plane, batch_size=100).shape == (256, 2)
    assert gan.generate(4, seed=1).shape == (4, 2)


def test_the_penalty_of_a_pair_is_that_of_sample_and_code():
    """A linear discriminator of slopes w has a penalty of |w|^2 over both, at any point."""
    samples, codes = keras.Input((5,)), keras.Input((3,))
    score = keras.layers.Dense(1)(keras.layers.Concatenate()([samples, codes]))
    gan = models.ALI(network(3, 5), network(5, 3), keras.Model([samples, codes], score), penalty=losses.ZeroCentered(1.0))
    gan.compile("sgd")
    logs = gan.evaluate(NOISE, REAL, batch_size=16, verbose=0, return_dict=True)
    slopes = numpy(gan.discriminator.trainable_variables[0])
    assert logs["penalty"] == pytest.approx(float(np.square(slopes).sum()), rel=1e-5)


def test_bug_ali_with_an_anchor_did_not_run():
    """It took the averaged weights of the encoder for those of the generator."""
    gan = make("ali", anchor=1.0)
    gan.compile("sgd", run_eagerly=True)
    assert np.isfinite(gan.fit(NOISE, REAL, verbose=0).history["loss"]).all()


def test_images_and_other_losses():
    """Samples of any rank; a loss that looks at the distance of the pairs, and one of pairs of scores."""
    keras.utils.set_random_seed(0)
    image, code = keras.Input((4, 4, 1)), keras.Input((3,))
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(16), keras.layers.Reshape((4, 4, 1))])
    encoder = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    score = keras.layers.Dense(1)(keras.layers.Concatenate()([keras.layers.Flatten()(image), code]))
    judge = keras.Model([image, code], score)
    images = RNG.normal(size=(16, 4, 4, 1)).astype("float32")
    for loss in (losses.QuadraticPotential(), losses.RelativisticGAN()):
        for min_max in (False, True):
            gan = models.ALI(generator, encoder, judge, loss, min_max=min_max)
            gan.compile("sgd", run_eagerly=True)
            assert np.isfinite(gan.evaluate(NOISE, images, batch_size=16, verbose=0)).all()
    assert gan.reconstruct(images).shape == images.shape


def test_wrong_arguments():
    for wrong in (
        lambda: models.AAE(network(3, 5), network(5, 4), network(3, 1)),
        lambda: models.AAE(network(3, 5), network(5, 3), network(3, 1), reconstruction=-1.0),
        lambda: models.AAE(network(3, 5), network(5, 3), network(3, 1), anchor=1.0),
        lambda: models.ALI(network(3, 5), network(5, 3), network(3, 1)),
        lambda: models.ALI(network(3, 5), "encoder", judge_of_pairs()),
        lambda: make("aae").compute_loss((9 * REAL).astype("uint8"), NOISE, NOISE),
    ):
        with pytest.raises(ValueError, match=r"`.*` must .*received"):
            wrong()
