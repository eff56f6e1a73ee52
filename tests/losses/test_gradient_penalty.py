import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import losses
from tests.gradients import value_and_gradients

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
FAKE = X[::-1] + 1
PLACES = ("real", "fake", "both", "interpolates", "real_real", "mixed")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("at", PLACES)
def test_of_a_linear_critic_it_is_the_power_of_its_slope(at):
    w = np.array([2.0, 1.0, -2.0], "float32")  # of norm 3
    got = losses.WassersteinDivergence(0.5, 3.0, at)(lambda x: ops.matmul(x, w), X, FAKE, seed=1)
    np.testing.assert_allclose(numpy(got), np.full(4, 0.5 * 27), rtol=1e-5)
    got = losses.OneCentered(10.0, at)(lambda x: ops.matmul(x, w), X, FAKE, seed=1)
    np.testing.assert_allclose(numpy(got), np.full(4, 40.0), rtol=1e-5)


def test_of_a_quadratic_critic_it_is_that_of_each_sample():
    a = np.array([[2, 1, 0], [1, -1, 0.5], [0, 0.5, 1]], "float32")
    critic = lambda x: ops.sum(x * ops.matmul(x, a), axis=1)  # noqa: E731
    squares = [np.sum((2 * x @ a) ** 2, axis=1) for x in (X, FAKE)]
    np.testing.assert_allclose(numpy(losses.R1(6.0)(critic, X, FAKE)), 3 * squares[0], rtol=1e-5)
    np.testing.assert_allclose(numpy(losses.R2(6.0)(critic, X, FAKE)), 3 * squares[1], rtol=1e-5)
    both = losses.ZeroCentered(1.0, "both")(critic, X, FAKE)
    np.testing.assert_allclose(numpy(both), np.mean(squares, axis=0), rtol=1e-5)


def test_the_points_are_where_they_should_be():
    lines = numpy(losses.GradientPenalty(at="interpolates").points(ops.convert_to_tensor(X), ops.convert_to_tensor(FAKE), 1))
    share = (lines - FAKE) / (X - FAKE)
    assert (share >= -1e-5).all()
    assert (share <= 1 + 1e-5).all()
    np.testing.assert_allclose(share, np.repeat(share[:, :1], 3, axis=1), atol=1e-4)
    mixed = numpy(losses.GradientPenalty(at="mixed").points(ops.convert_to_tensor(X), ops.convert_to_tensor(FAKE), 1))
    for i, row in enumerate(mixed):
        assert any(np.array_equal(row, rows[i]) for rows in (X, FAKE))


@pytest.mark.parametrize(("k", "p", "slope", "divergence"), [(2.0, 6.0, 0.6083643419, 0.5069702849), (0.5, 2.0, 1.0, 0.5)])
def test_the_wasserstein_divergence_of_a_linear_critic(k, p, slope, divergence):
    """Means 1 apart: the optimal slope and what it reaches, in closed form."""
    wasserstein, penalty = losses.WassersteinGAN(), losses.WassersteinDivergence(k, p)

    def loss(w, real, fake):
        critic = lambda x: w * x[:, 0]  # noqa: E731
        return ops.mean(wasserstein.discriminator(critic(real), critic(fake)) + penalty(critic, real, fake))

    real = np.array([[1.0], [2.0]], "float32")
    value, (gradient,) = value_and_gradients(loss, np.float32(slope), constants=(real, real - 1))
    assert abs(gradient) < 1e-5
    assert float(value) == pytest.approx(-divergence, rel=1e-5)


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0, 3.0, 6.0])
@pytest.mark.parametrize("center", [0.0, 1.0])
def test_a_flat_critic_has_finite_gradients(power, center):
    penalty = losses.GradientPenalty(2.0, power, center, "real")
    loss = lambda w, x: ops.sum(penalty(lambda x: ops.matmul(x, w), x, x))  # noqa: E731
    value, (gradient,) = value_and_gradients(loss, np.zeros(3, "float32"), constants=(X,))
    assert float(value) == (8.0 if center else 0.0)
    assert np.isfinite(gradient).all()


def test_the_sixth_power_is_taken_in_float32():
    """A slope of 8 is 2 ** 18, over the largest float16."""
    x = X.astype("float16")
    got = losses.WassersteinDivergence(1.0, 6.0)(lambda x: 8 * x[:, 0], x, x)
    np.testing.assert_allclose(numpy(got), np.full(4, 8.0**6))


def test_a_critic_with_batch_normalisation_is_refused():
    """The published critic of 6139 has it, and its penalty mixes the samples."""
    losses.GradientPenalty.check(keras.Sequential([keras.Input((3,)), keras.layers.LayerNormalization()]))
    nested = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()])
    with pytest.raises(ValueError, match=r"`critic` must treat each sample by itself.* received"):
        losses.GradientPenalty.check(keras.Sequential([keras.Input((3,)), nested, keras.layers.Dense(1)]))


def test_wrong_arguments_and_config():
    for arguments in ({"weight": -1}, {"power": 0.5}, {"center": -1}, {"at": "there"}, {"power": float("nan")}):
        with pytest.raises(ValueError, match=r"must be .*received"):
            losses.GradientPenalty(**arguments)
    with pytest.raises(ValueError, match=r"must have one shape.*received"):
        losses.R1()(lambda x: x[:, 0], X, X[:2])
    penalty = losses.WassersteinDivergence(3.0, 4.0, "mixed")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    assert again.get_config() == penalty.get_config() == {"weight": 3.0, "power": 4.0, "center": 0.0, "at": "mixed"}
