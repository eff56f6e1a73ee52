import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import losses, models
from keras_blog.ops.correlation import pearson_correlation
from tests.gradients import value_and_gradients

RNG = np.random.default_rng(0)
NOISE, REAL = RNG.normal(size=(16, 4)).astype("float32"), RNG.normal(size=(16, 5)).astype("float32")
BACKEND = keras.config.backend()


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def networks(latent=4, codes=4):
    generator = keras.Sequential([keras.Input((latent,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(5)])
    encoder = keras.Sequential([keras.Input((5,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(codes)])
    return generator, encoder


def test_one_pass_gives_each_player_the_gradients_of_its_own_loss():
    """The step of one optimizer over both equals the two losses of the article, each differentiated in its own weights."""
    gan = models.OGAN(*networks(), losses.QuadraticPotential(), correlation=0.5)
    generator, encoder = gan.generator, gan.discriminator
    start = [numpy(v) for v in (*generator.trainable_variables, *encoder.trainable_variables)]
    hinge = gan.adversarial_loss

    def both(g, e, noise, real):
        fake = generator.stateless_call(g, [], noise)[0]
        real_code, fake_code = (encoder.stateless_call(e, [], x)[0] for x in (real, fake))
        scores = [ops.mean(code, axis=-1) for code in (real_code, fake_code)]
        rho = ops.mean(pearson_correlation(noise, fake_code))
        return hinge, scores, hinge.distance(real, fake), rho

    def encoder_loss(*arrays):
        loss, scores, distance, rho = both(start[:4], arrays[:4], *arrays[4:])
        return ops.mean(loss.discriminator(*scores, distance)) - 0.5 * rho

    def generator_loss(*arrays):
        loss, scores, _, rho = both(arrays[:4], start[4:], *arrays[4:])
        return ops.mean(loss.generator(*scores)) - 0.5 * rho

    _, of_encoder = value_and_gradients(encoder_loss, *start[4:], constants=(NOISE, REAL))
    _, of_generator = value_and_gradients(generator_loss, *start[:4], constants=(NOISE, REAL))
    gan.compile(keras.optimizers.SGD(1.0))
    logs = gan.fit(NOISE, REAL, batch_size=16, shuffle=False, verbose=0).history
    after = [numpy(v) for v in (*generator.trainable_variables, *encoder.trainable_variables)]
    for before, now, gradient in zip(start, after, (*of_generator, *of_encoder), strict=True):
        np.testing.assert_allclose(before - now, gradient, rtol=1e-3, atol=1e-5)
    assert -1 <= logs["correlation"][0] <= 1


def test_codes_reconstructions_and_interpolations():
    gan = models.OGAN(*networks())
    codes = gan.encode(REAL, batch_size=5)
    np.testing.assert_allclose(codes.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(codes.std(1), 1, atol=1e-3)
    np.testing.assert_allclose(gan.reconstruct(REAL, scale=0.9), numpy(gan.generator(0.9 * codes)), rtol=1e-4, atol=1e-5)
    between = gan.interpolate(REAL[:2], REAL[2:4], count=3)
    assert between.shape == (2, 3, 5)
    np.testing.assert_allclose(between[:, 0], gan.reconstruct(REAL[:2]), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(between[:, -1], gan.reconstruct(REAL[2:4]), rtol=1e-4, atol=1e-5)


def test_it_learns_to_find_the_noise_saves_and_loads(tmp_path):
    keras.utils.set_random_seed(0)
    gan = models.OGAN(*networks(), losses.HingeGAN(), correlation=1.0, penalty=losses.R1(0.1))
    gan.compile(models.PlayerOptimizer(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2)))
    logs = gan.fit(REAL, batch_size=16, epochs=40, verbose=0).history
    assert logs["correlation"][-1] > logs["correlation"][0] + 0.2
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(gan.reconstruct(REAL), again.reconstruct(REAL))
    assert again.correlation == 1.0


def test_wrong_arguments():
    for make in (
        lambda: models.OGAN(*networks(4, 1)),
        lambda: models.OGAN(*networks(2, 2)),
        lambda: models.OGAN(*networks(), correlation=-1),
        lambda: models.OGAN(*networks()).interpolate(REAL, REAL[:2]),
    ):
        with pytest.raises(ValueError, match=r"`.*` must .*received"):
            make()
