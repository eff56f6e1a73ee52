import json
import math

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import losses
from tests.gradients import value_and_gradients

REAL = np.array([0.5, -1.0, 2.0], "float32")
FAKE = np.array([-0.3, 0.4, -2.0], "float32")
NAMES = ("total_variation", "kl", "reverse_kl", "neyman", "pearson", "hellinger", "jeffreys", "js", "gan")
GRID = np.linspace(-12, 12, 12001)


@keras.saving.register_keras_serializable("keras_blog_tests")
def squared_difference(u):
    return ops.square(u - 1.0)


@keras.saving.register_keras_serializable("keras_blog_tests")
def exponential(t):
    return ops.exp(t)


@keras.saving.register_keras_serializable("keras_blog_tests")
def squared_exponential(t):
    return ops.exp(2.0 * t)


@keras.saving.register_keras_serializable("keras_blog_tests")
def decaying_exponential(t):
    return ops.exp(-t)


@keras.saving.register_keras_serializable("keras_blog_tests")
def odds(t):
    return t / (1.0 - t)


@keras.saving.register_keras_serializable("keras_blog_tests")
def falling(t):
    return 2.0 * (1.0 - t)


EVERY = {
    **{name: losses.FGAN(name) for name in NAMES},
    "reversed": losses.FGAN("kl", reverse=True, saturating=True),
    "alpha": losses.FGAN(3.0),
    "own": losses.FGAN(squared_difference),
    **{f"designed {name}": losses.DesignedGAN(name) for name in ("gan", "exponential", "least_squares")},
    "hinge": losses.HingeGAN(),
    "least squares": losses.LeastSquaresGAN(-1.0, 1.0, 0.0),
    "relativistic": losses.RelativisticGAN(),
    "average": losses.RelativisticGAN(average=True),
    "quadratic": losses.QuadraticPotential(2.0, order=2),
    "wasserstein": losses.WassersteinGAN(),
}
each = pytest.mark.parametrize("name", EVERY)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def sum_of(loss, player, real):
    """The summed loss of a player as a function of both scores, or for the generator of those of the fakes."""
    play = getattr(loss, player)
    return lambda *scores: ops.sum(play(*scores) if len(scores) == 2 else play(real, *scores))


def best(loss, ratios):
    """The most that scores reach, a ratio p / q at a time: by search over all scores."""
    real, fake = (numpy(term(ops.convert_to_tensor(GRID.astype("float32")))) for term in (loss.real_term, loss.fake_term))
    return np.array([-np.min(u * real.astype("float64") + fake) for u in np.atleast_1d(ratios)])


F = {
    "total_variation": lambda u: abs(u - 1) / 2,
    "kl": lambda u: u * np.log(u),
    "reverse_kl": lambda u: -np.log(u),
    "neyman": lambda u: (1 - u) ** 2 / u,
    "pearson": lambda u: (u - 1) ** 2,
    "hellinger": lambda u: (np.sqrt(u) - 1) ** 2,
    "jeffreys": lambda u: (u - 1) * np.log(u),
    "js": lambda u: (u * np.log(u) - (u + 1) * np.log((u + 1) / 2)) / 2,
    "gan": lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_row_of_the_table_is_its_formula(name):
    """6016 swaps the names of (u - 1)^2 and (1 - u)^2 / u; here they are Pearson's and Neyman's."""
    ratios = np.array([0.25, 1.0, 3.0])
    np.testing.assert_allclose(best(losses.FGAN(name), ratios), F[name](ratios), atol=1e-5)


@pytest.mark.parametrize("a", [-0.7, 0, 0.5, 1, 2, 3.5])
def test_the_alpha_family(a):
    u = np.array([0.25, 1.0, 3.0])
    limits = {0: u - 1 - np.log(u), 1: u * np.log(u) - u + 1}
    expected = limits[a] if a in limits else (u**a - a * u + a - 1) / (a * (a - 1))
    np.testing.assert_allclose(best(losses.FGAN(a), u), expected, atol=1e-5)


def test_a_function_of_ones_own():
    ratios = np.array([0.25, 1.0, 3.0])
    np.testing.assert_allclose(best(losses.FGAN(squared_difference), ratios), (ratios - 1) ** 2, atol=1e-5)


@pytest.mark.parametrize("divergence", ["jeffreys", 0.5, squared_difference])
def test_terms_take_arrays_as_tensors(divergence):
    loss, scores = losses.FGAN(divergence), np.array([-1.0, 0.5], "float32")
    for term in (loss.real_term, loss.fake_term):
        np.testing.assert_array_equal(numpy(term(scores)), numpy(term(ops.convert_to_tensor(scores))))


GAUSSIANS = {
    "total_variation": 0.382924922548,
    "kl": 0.5,
    "reverse_kl": 0.5,
    "neyman": math.e - 1,
    "pearson": math.e - 1,
    "hellinger": 0.235006194831,
    "jeffreys": 1.0,
    "js": 0.111421482185,
}


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", GAUSSIANS)
def test_the_divergences_of_two_gaussians(name, reverse):
    """N(0, 1) and N(1, 1), whose divergences are the same both ways around, by integration over x."""
    x = np.linspace(-9, 10, 1901)
    p, q = (np.exp(-0.5 * (x - mean) ** 2) / math.sqrt(2 * math.pi) for mean in (0, 1))
    value = np.sum(q * best(losses.FGAN(name, reverse=reverse), p / q)) * (x[1] - x[0])
    assert value == pytest.approx(GAUSSIANS[name], rel=2e-5)


def test_kl_and_its_reverse_are_not_the_same():
    u = np.array([0.25, 3.0])
    np.testing.assert_allclose(best(losses.FGAN("kl", reverse=True), u), F["reverse_kl"](u), atol=1e-5)
    np.testing.assert_allclose(best(losses.FGAN("reverse_kl", reverse=True), u), F["kl"](u), atol=1e-5)


def test_jeffreys_needs_no_lambert_function_but_agrees_with_it():
    lambertw = pytest.importorskip("scipy.special").lambertw
    v = np.linspace(-4, 6, 11)
    t = v + 1 - np.exp(-v)
    w = lambertw(np.exp(1 - t)).real
    got = numpy(losses.FGAN("jeffreys").fake_term(ops.convert_to_tensor(v.astype("float32"))))
    np.testing.assert_allclose(got, w + 1 / w + t - 2, rtol=1e-5, atol=1e-5)


def test_the_first_gan_is_the_cross_entropy():
    bce = lambda label, v: np.logaddexp(0, -v if label else v)  # noqa: E731
    loss = losses.FGAN()
    expected = bce(1, REAL) + bce(0, FAKE) - 2 * np.log(2)
    np.testing.assert_allclose(numpy(loss.discriminator(REAL, FAKE)), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(numpy(loss.generator(REAL, FAKE)), bce(1, FAKE) - np.log(2), rtol=1e-5, atol=1e-6)
    saturating = losses.FGAN(saturating=True).generator(REAL, FAKE)
    np.testing.assert_allclose(numpy(saturating), np.log(2) - bce(0, FAKE), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "numeric", "rtol"),
    [
        ("gan", losses.DesignedGAN(exponential, lambda t: 1 / (1 + ops.exp(t))), 1e-5),
        ("gan", losses.DesignedGAN(odds, lambda t: 1 / t, 0.5, ops.sigmoid), 1e-4),
        ("exponential", losses.DesignedGAN(squared_exponential, decaying_exponential), 1e-5),
        ("least_squares", losses.DesignedGAN(odds, falling, 0.5, lambda v: v + 0.5), 1e-5),
    ],
)
def test_a_design_integrated_equals_its_closed_form(name, numeric, rtol):
    closed = losses.DesignedGAN(name, beta="minimax")
    real, fake = (0.2 * values if name == "least_squares" else values for values in (REAL, FAKE))
    for player, arrays in (("discriminator", (real, fake)), ("generator", (fake,))):
        ours, theirs = (value_and_gradients(sum_of(loss, player, real), *arrays) for loss in (numeric, closed))
        np.testing.assert_allclose(ours[0], theirs[0], rtol=rtol, atol=1e-5)
        for one, other in zip(ours[1], theirs[1], strict=True):
            np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-5)


def test_a_design_finds_its_function_of_the_ratio():
    """At r = q / p the best t is omega(r); and what it reaches is convex in r, 0 at 1."""
    loss = losses.DesignedGAN("exponential")
    real, fake = (numpy(term(ops.convert_to_tensor(GRID.astype("float32")))) for term in (loss.real_term, loss.fake_term))
    for r in (0.25, 1.0, 3.0):
        assert GRID[np.argmin(real + r * fake)] == pytest.approx(-0.5 * math.log(r), abs=5e-3)
        assert -np.min(real + r * fake) == pytest.approx((math.sqrt(r) - 1) ** 2, abs=1e-5)  # Hellinger


def test_the_generator_of_a_design_may_lower_another_function():
    """Conclusion 2 of 7210: softplus(t) is the non-saturating loss; `psi` the minimax one."""
    usual, own = losses.DesignedGAN(), losses.DesignedGAN(beta=exponential)
    np.testing.assert_allclose(numpy(usual.generator(REAL, FAKE)), np.logaddexp(0, -FAKE), rtol=1e-5)
    np.testing.assert_allclose(numpy(own.generator(REAL, FAKE)), np.exp(-FAKE), rtol=1e-5)


def test_the_others_by_hand():
    gap = REAL - FAKE
    expected = {
        losses.HingeGAN(): (np.maximum(0, 1 - REAL) + np.maximum(0, 1 + FAKE), -FAKE),
        EVERY["least squares"]: (0.5 * (REAL - 1) ** 2 + 0.5 * (FAKE + 1) ** 2, 0.5 * FAKE**2),
        losses.WassersteinGAN(): (-gap, -FAKE),
        losses.RelativisticGAN(): (np.logaddexp(0, -gap), np.logaddexp(0, gap)),
        losses.QuadraticPotential(2.0): (gap**2 / (4 * 1.5) - gap, gap),
    }
    distance = np.full(3, 1.5, "float32")
    for loss, (discriminator, generator) in expected.items():
        np.testing.assert_allclose(numpy(loss.discriminator(REAL, FAKE, distance)), discriminator, rtol=1e-5)
        np.testing.assert_allclose(numpy(loss.generator(REAL, FAKE)), generator, rtol=1e-5)


def test_divergences_of_three_states():
    """p = (.5, .3, .2) and q = (.2, .2, .6), each state as often as tenths say, at the optimal scores."""
    p, q = np.array([5, 3, 2]), np.array([2, 2, 6])
    real, fake = np.repeat(np.arange(3), p), np.repeat(np.arange(3), q)
    ratio = p / q
    triangular = np.sum((p - q) ** 2 / (p + q)) / 10
    for loss, scores, value in (
        (losses.HingeGAN(), np.sign(ratio - 1), np.abs(p - q).sum() / 20),
        (losses.LeastSquaresGAN(), p / (p + q), triangular),
        (losses.LeastSquaresGAN(-1.0, 1.0, 0.0), (p - q) / (p + q), triangular),
        (losses.FGAN("js"), np.log(ratio), np.sum(q * F["js"](ratio)) / 10),
    ):
        got = loss.divergence(scores[real].astype("float32"), scores[fake].astype("float32"))
        assert float(got) == pytest.approx(value, abs=1e-5)
    pairs, swapped = np.outer(p, q) / 100, np.outer(q, p) / 100
    js = 0.5 * np.sum(pairs * np.log(2 * pairs / (pairs + swapped)) + swapped * np.log(2 * swapped / (pairs + swapped)))
    scores = np.log(ratio).astype("float32")
    every = scores[np.repeat(real, 10)], scores[np.tile(fake, 10)]
    assert float(losses.RelativisticGAN().divergence(*every)) == pytest.approx(js, abs=1e-5)


@each
def test_scores_of_80_are_finite_and_so_are_the_gradients(name):
    loss, distance = EVERY[name], np.array([0.0, 1e-3, 1.0, 1.0], "float32")  # 0: the generator hit the sample
    scores = [np.array(row, "float32") for row in ([80, -80, 80, -80], [80, -80, -80, 80])]
    value, gradients = value_and_gradients(lambda r, f: ops.sum(loss.discriminator(r, f, distance)), *scores)
    assert np.isfinite(value)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    value, (gradient,) = value_and_gradients(lambda f: ops.sum(loss.generator(scores[0], f)), scores[1])
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@each
def test_equal_scores_0_measure_no_distance(name):
    if name in ("designed least_squares", "least squares", "hinge"):
        return  # their scores in between are those of the other test
    nothing = np.zeros(3, "float32")
    assert float(EVERY[name].divergence(nothing, nothing, np.ones(3, "float32"))) <= 1e-6


@each
def test_gradients_are_finite_differences_and_scores_are_high_at_real(name):
    loss, distance = EVERY[name], np.ones(3, "float32")
    players = [lambda r, f: ops.sum(loss.discriminator(r, f, distance)), lambda r, f: ops.sum(loss.generator(r, f))]
    for i, player in enumerate(players):
        changed = [REAL, FAKE] if i == 0 else [FAKE]
        function = player if i == 0 else lambda f, player=player: player(REAL, f)
        _, gradients = value_and_gradients(function, *changed)
        for j, gradient in enumerate(gradients):
            ahead, behind = (float(function(*[c + (k == j) * step for k, c in enumerate(changed)])) for step in (1e-2, -1e-2))
            np.testing.assert_allclose(gradient.sum(), (ahead - behind) / 2e-2, rtol=1e-2, atol=2e-2)
    _, (generator,) = value_and_gradients(lambda f: players[1](REAL, f), np.full(3, -0.6, "float32"))
    assert (generator < 0).all()  # higher scores lower its loss, in every one


@each
def test_config_round_trip(name):
    config = keras.saving.serialize_keras_object(EVERY[name])
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert again.get_config() == EVERY[name].get_config()
    np.testing.assert_array_equal(*(numpy(loss.generator(REAL, FAKE)) for loss in (again, EVERY[name])))


def test_maps_of_scores_are_averaged():
    maps = np.arange(12, dtype="float32").reshape(3, 2, 2, 1)
    got = losses.HingeGAN().discriminator(maps, -maps)
    np.testing.assert_allclose(numpy(got), 2 * np.maximum(0, 1 - maps).mean(axis=(1, 2, 3)), rtol=1e-6)
    assert losses.QuadraticPotential().discriminator(maps, maps, np.ones(3, "float32")).shape == (3,)


def test_float16_scores_are_taken_in_float32():
    half = np.array([10.0], "float16")
    got = losses.FGAN("pearson").discriminator(-half, half)
    assert float(got[0]) == pytest.approx(math.exp(20) / 4 - 1 + 2 - math.exp(-10), rel=1e-4)


def test_wrong_arguments():
    for make in (
        lambda: losses.FGAN("chi"),
        lambda: losses.FGAN(float("nan")),
        lambda: losses.FGAN(None),
        lambda: losses.DesignedGAN("kl"),
        lambda: losses.DesignedGAN(odds),
        lambda: losses.DesignedGAN(beta="other"),
        lambda: losses.LeastSquaresGAN(1.0, 0.0),
        lambda: losses.QuadraticPotential(0.0),
        lambda: losses.QuadraticPotential(order=3),
        lambda: losses.QuadraticPotential().discriminator(REAL, FAKE),
        lambda: losses.HingeGAN().discriminator(REAL, FAKE[:2]),
        lambda: losses.HingeGAN().generator(REAL[0], FAKE[0]),
    ):
        with pytest.raises(ValueError, match=r"`.*` must .*received"):
            make()
