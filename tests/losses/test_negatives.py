"""NCE, negative sampling and sampled softmax against enumerated expectations; `p` is the data, `q` the noise, `k` the draws."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import losses
from keras_blog.ops import candidates
from tests.gradients import value_and_gradients

numpy = ops.convert_to_numpy
P = np.array([0.5, 0.3, 0.2])
UNIFORM, SKEWED = np.full(3, 1 / 3), np.array([0.6, 0.3, 0.1])
FUNCTIONS = [losses.nce, losses.negative_sampling, losses.sampled_softmax]


def all_classes(scores, q, k):
    """Every class as the target, all classes as candidates with their expected counts: what evaluation packs."""
    q, eye = np.asarray(q, "float32"), np.eye(len(q), dtype=bool)
    target = ops.expand_dims(scores, -1)
    score = ops.concatenate([target, ops.broadcast_to(scores, (len(q), len(q)))], axis=1)
    log_expected = np.log(k * np.concatenate([q[:, None], np.tile(q, (len(q), 1))], axis=1))
    count = np.concatenate([np.zeros((len(q), 1)), np.exp(log_expected[:, 1:])], axis=1)
    hit = np.concatenate([np.zeros((len(q), 1), bool), eye], axis=1)
    return candidates.pack(score, log_expected, count, hit)


def all_draws(scores, q, k):
    """`(packed, probability)` of every target with every k draws from q."""
    rows = np.array([(y, *drawn) for y in range(len(q)) for drawn in itertools.product(range(len(q)), repeat=k)])
    hit = (rows == rows[:, :1]) & (np.arange(k + 1) > 0)
    packed = candidates.pack(ops.take(scores, rows, axis=0), np.log(k * np.asarray(q))[rows], hit=hit)
    return packed, rows[:, 0], np.prod(np.asarray(q)[rows[:, 1:]], axis=1)


def expected(function, scores, q, k, p=P):
    """The expectation of a loss under data p, exact over the draws."""
    return ops.sum(ops.multiply(np.asarray(p, "float32"), function(np.arange(len(p)), all_classes(scores, q, k))))


def expected_over_draws(function, scores, q, k, p=P):
    packed, targets, probability = all_draws(scores, q, k)
    return ops.sum(ops.multiply((probability * p[targets]).astype("float32"), function(targets, packed)))


def gradient(function, scores, *arguments):
    _, (result,) = value_and_gradients(lambda scores: function(scores, *arguments), np.asarray(scores, "float32"))
    return result


def test_nce_has_the_exact_values_of_the_article():
    """2 log 2 - 2 JS(p, U) at the optimum for one draw, and for five."""
    for k, value in ((1, 1.3517923987985019), (5, 2.6459931524224287)):
        assert abs(float(expected(losses.nce, np.log(P).astype("float32"), UNIFORM, k)) - value) < 1e-6
    logits = np.log(P) - np.log(5 * UNIFORM)
    np.testing.assert_allclose(logits, [-1.2039728043, -1.7147984281, -2.1202635362], atol=1e-9)


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("q", [UNIFORM, SKEWED])
def test_nce_is_least_at_normalised_log_probabilities_for_any_noise_and_k(q, k):
    """Article 5617 leaves the noise out of its eq. 4 and has k = 1: right for uniform noise alone."""
    np.testing.assert_allclose(gradient(lambda s: expected(losses.nce, s, q, k), np.log(P)), 0, atol=1e-6)
    assert np.abs(gradient(lambda s: expected(losses.nce, s, q, k), np.log(P) + 0.5)).max() > 1e-2


@pytest.mark.parametrize(
    ("q", "k", "optimum"),
    [
        (SKEWED, 1, [-1.0986, 0.5108, 1.0986]),
        (SKEWED, 5, [-2.7081, -1.0986, -0.5108]),
        (SKEWED**0.75 / (SKEWED**0.75).sum(), 5, [-2.6007, -1.1646, -0.8515]),
    ],
)
def test_negative_sampling_is_least_at_log_p_over_kq(q, k, optimum):
    """word2vec's k negatives and power .75 are not the pointwise mutual information that article 5617 says."""
    p = np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(np.log(p / (k * q)), optimum, atol=5e-5)
    slope = gradient(lambda s: expected(losses.negative_sampling, s, q, k, p), np.log(p / (k * q)))
    np.testing.assert_allclose(slope, 0, atol=1e-6)


def test_negative_sampling_with_one_draw_of_the_unigram_is_pointwise_mutual_information():
    joint = np.array([[4, 1], [1, 2]]) / 8
    context, word = joint.sum(1), joint.sum(0)
    pmi = np.log(joint / np.outer(context, word))
    np.testing.assert_allclose(pmi, [[0.2468600779, -0.6286086594], [-0.6286086594, 0.5753641449]], atol=1e-9)
    for row, p in zip(pmi, joint / context[:, None], strict=True):
        slope = gradient(lambda s, p=p: expected(losses.negative_sampling, s, word, 1, p), row)
        np.testing.assert_allclose(slope, 0, atol=1e-6)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("function", FUNCTIONS[:2])
def test_evaluation_is_the_expectation_over_all_draws(function, k):
    """Accidental hits are noise here: dropped, the optimum moves (returnn#186)."""
    scores = np.array([0.3, -1.2, 2.0], "float32")
    np.testing.assert_allclose(
        float(expected(function, scores, SKEWED, k)), float(expected_over_draws(function, scores, SKEWED, k)), rtol=1e-6
    )


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("q", [UNIFORM, SKEWED])
def test_sampled_softmax_is_least_at_log_probabilities_for_any_noise_and_k(q, k):
    slope = gradient(lambda s: expected_over_draws(losses.sampled_softmax, s, q, k), np.log(P) + 3)
    np.testing.assert_allclose(slope, 0, atol=1e-6)


def test_without_log_q_frequent_classes_are_pushed_down():
    """NVIDIA-Merlin#1051: the correction missing, the optimum is not `log p`."""

    def uncorrected(targets, packed):
        return losses.sampled_softmax(targets, ops.multiply(packed, np.array([1, 0, 1], "float32")))

    slope = gradient(lambda s: expected_over_draws(uncorrected, s, SKEWED, 2), np.log(P))
    assert slope[0] > 1e-2 > -1e-2 > slope[2]  # descent lowers the frequent class and lifts the rare one


def test_an_accidental_hit_is_no_negative():
    """It never pushes the target down; dropping it from the first sum as well would move the optimum."""
    scores = np.array([[1.0, 1.0, 0.0]], "float32")
    log_expected = np.log([[0.5, 0.5, 2.0]])
    hit = np.array([[False, True, False]])
    slope = gradient(lambda s: ops.sum(losses.sampled_softmax([0], candidates.pack(s, log_expected, hit=hit))), scores)
    assert slope[0, :2].sum() < 0 < slope[0, 2]

    def dropped(targets, packed):
        negative = ops.greater(packed[..., 2:], 0)
        return losses.sampled_softmax(targets, ops.where(negative, packed, np.array([-1e4, 0, 1], "float32")))

    slope = gradient(lambda s: expected_over_draws(dropped, s, SKEWED, 3), np.log(P))
    assert np.abs(slope).max() > 1e-2


def test_all_classes_once_is_the_softmax():
    scores = np.array([0.3, -1.2, 2.0], "float32")
    softmax = np.log(np.exp(scores).sum()) - scores
    for q in (UNIFORM, SKEWED):
        np.testing.assert_allclose(numpy(losses.sampled_softmax(np.arange(3), all_classes(scores, q, 7))), softmax, rtol=1e-6)
    others = np.array([[0, 1, 2], [1, 0, 2], [2, 0, 1]])
    packed = candidates.pack(scores[others], np.zeros((3, 3)))  # expected once, so no correction
    np.testing.assert_allclose(numpy(losses.sampled_softmax(np.arange(3), packed)), softmax, rtol=1e-6)


def test_nce_finds_the_normaliser_of_a_density():
    r""":math:`e^{-x^2/2 - x^4/4}` integrates to 1.93524781850, whatever the Gaussian noise."""
    x = np.linspace(-8, 8, 801)
    energy = -0.5 * x**2 - 0.25 * x**4
    data = np.exp(energy) / np.exp(energy).sum()
    assert abs(np.exp(energy).sum() * 0.02 - 1.93524781850) < 1e-9
    for spread, k in ((1.0, 1), (2.0, 3)):
        density = np.exp(-0.5 * (x / spread) ** 2) / spread / np.sqrt(2 * np.pi)
        log_expected = np.log(k) - 0.5 * (x / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi))

        def loss(log_z, density=density, log_expected=log_expected, k=k):
            both = [np.concatenate([row[:, None], np.tile(row, (801, 1))], axis=1) for row in (energy, log_expected)]
            packed = candidates.pack(ops.subtract(both[0].astype("float32"), log_z), both[1], np.append(0, k * density * 0.02))
            return ops.sum(ops.multiply(data.astype("float32"), losses.nce(np.zeros(801, "int32"), packed)))

        assert abs(gradient(loss, np.log(1.93524781850))) < 1e-5
        assert gradient(loss, 0.9) > 1e-2


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="its own functions are the peer")
def test_equal_tensorflow_where_it_is_right():
    import tensorflow as tf

    rng = np.random.default_rng(0)
    kernel, bias, x = (rng.normal(size=size).astype("float32") for size in ((6, 4), 6, (5, 4)))
    targets, drawn = rng.integers(0, 6, (5, 1)), np.array([2, 0, 2, 5])
    expected_count = np.array([0.4, 1.2, 0.4, 0.4, 0.8, 0.8], "float32")
    sampled = (drawn, expected_count[targets], expected_count[drawn])
    ids = np.concatenate([targets, np.tile(drawn, (5, 1))], axis=1)
    hit = (ids == targets) & (np.arange(5) > 0)
    options = {"num_sampled": 4, "num_classes": 6, "sampled_values": sampled, "remove_accidental_hits": False}

    def ours(function, x):
        score = tf.einsum("bd,bkd->bk", x, tf.gather(kernel, ids)) + tf.gather(bias, ids)
        return function(targets[:, 0], candidates.pack(score, np.log(expected_count)[ids], hit=hit))

    np.testing.assert_allclose(ours(losses.nce, x), tf.nn.nce_loss(kernel, bias, targets, x, **options), rtol=1e-5)
    theirs = gradient(lambda x: tf.reduce_sum(tf.nn.sampled_softmax_loss(kernel, bias, targets, x, **options)), x)
    np.testing.assert_allclose(gradient(lambda x: tf.reduce_sum(ours(losses.sampled_softmax, x)), x), theirs, atol=1e-6)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_extreme_scores_are_finite(function):
    scores = np.array([[1e4, -1e4, 3e3], [-1e4, 1e4, 0.0]], "float32")

    def loss(scores):
        return ops.sum(function(np.array([0, 1]), candidates.pack(scores, [0.0, -30.0, 5.0])))

    value, (slope,) = value_and_gradients(loss, scores)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_half_precision_is_computed_in_float32(function):
    packed = ops.cast(candidates.pack([[2.0, -1.0, 0.5]], [0.0, 1.0, 0.0]), "float16")
    result = function([0], packed)
    assert keras.backend.standardize_dtype(result.dtype) == "float32"
    np.testing.assert_allclose(numpy(result), numpy(function([0], ops.cast(packed, "float32"))), rtol=1e-6)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_any_shape_of_targets_and_minus_one_for_none(function):
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(2, 3, 4)).astype("float32")
    packed = numpy(candidates.pack(scores, np.zeros(4)))
    targets = np.array([[5, -1, 7], [2**24 + 1, 0, -1]])
    values = numpy(function(targets, packed))
    flat = numpy(function(np.zeros(6, "int32"), packed.reshape(6, 4, 3))).reshape(2, 3)
    np.testing.assert_allclose(values, np.where(targets < 0, 0, flat), rtol=1e-6)


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match=r"`y_pred` must be packed candidates.*layers.SampledDense.*received shape \(2, 5\)"):
        losses.nce([0, 1], np.zeros((2, 5), "float32"))
    with pytest.raises(ValueError, match=r"`y_true` must be target ids of shape \(2,\); received shape \(2, 1\)"):
        losses.nce([[0], [1]], np.zeros((2, 5, 3), "float32"))
