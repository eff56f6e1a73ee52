"""Margin losses against NumPy, exact values, and the bugs of published versions."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers, losses
from tests import margins
from tests.gradients import finite_differences, value_and_gradients

FUNCTIONS = {name: getattr(losses, name) for name in margins.MARGINS}
CLASSES = {
    "am_softmax": losses.AMSoftmax,
    "arcface": losses.ArcFace,
    "sphereface": losses.SphereFace,
    "simpler_a_softmax": losses.SimplerASoftmax,
    "normalized_softmax": losses.NormalizedSoftmax,
    "combined_margin": losses.CombinedMargin,
}
COSINES = np.random.default_rng(0).uniform(-1, 1, size=(6, 5)).astype("float32")
LABELS = np.array([0, 4, 2, 1, 3, 0], "int32")
EXAMPLE = np.array([[0.9, 0.2, -0.1, 0.5]] * 4, "float32")  # of the author's tests
each = pytest.mark.parametrize("name", sorted(FUNCTIONS))


def values(name, labels, cosines, **settings):
    return ops.convert_to_numpy(FUNCTIONS[name](labels, cosines, **settings))


@each
def test_equals_the_formula_on_ids_one_hot_and_soft_labels(name):
    soft = np.random.default_rng(1).dirichlet(np.ones(5), size=6).astype("float32")
    psi = margins.MARGINS[name]
    for scale in (1.0, 30.0):
        expected = margins.loss(LABELS, COSINES, psi, scale)
        np.testing.assert_allclose(values(name, LABELS, COSINES, scale=scale), expected, rtol=2e-5, atol=1e-6)
        for one_hot in (np.eye(5, dtype="float32")[LABELS], np.eye(5, dtype="int32")[LABELS]):
            np.testing.assert_allclose(values(name, one_hot, COSINES, scale=scale), expected, rtol=2e-5, atol=2e-5)
        expected = margins.loss(soft, COSINES, psi, scale)
        np.testing.assert_allclose(values(name, soft, COSINES, scale=scale), expected, rtol=2e-5, atol=2e-5)


@each
@pytest.mark.parametrize("labels", [LABELS, np.random.default_rng(1).dirichlet(np.ones(5), size=6).astype("float32")])
def test_gradient_is_that_of_the_formula(name, labels):
    psi = margins.MARGINS[name]
    weight = np.arange(1.0, 7.0, dtype="float32")
    _, (gradient,) = value_and_gradients(
        lambda c: ops.sum(ops.multiply(FUNCTIONS[name](labels, c, scale=5.0), weight)), COSINES
    )
    expected = finite_differences(lambda c: (margins.loss(labels, c, psi, 5.0) * weight).sum(), COSINES)
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-4)


def test_exact_values():
    by_class = values("am_softmax", [0, 1, 2, 3], EXAMPLE)
    np.testing.assert_allclose(by_class[0], 0.20143579360576425, rtol=1e-5)
    np.testing.assert_allclose(values("arcface", [0], EXAMPLE[:1])[0], 0.0056445357603536195, rtol=1e-4)
    np.testing.assert_allclose(values("simpler_a_softmax", [0], EXAMPLE[:1])[0], 21.93612341771516, rtol=1e-5)
    many = np.zeros((1, 10000), "float32")
    many[0, 0] = 0.95
    np.testing.assert_allclose(values("am_softmax", [0], many)[0], 1.522729733487438e-4, rtol=1e-4)
    strict = values("am_softmax", [0], many, scale=64.0, margin=0.5)[0]
    np.testing.assert_allclose(strict, 3.106528367879946e-9, rtol=1e-4)


def test_published_sparse_form_went_negative_infinite_and_ten_percent_off():
    """log(1 - exp(s cos - log Z)) loses everything where the probability nears 1."""
    sure = np.array([[0.99, 0, 0, 0]], "float32")
    assert 0 < values("am_softmax", [0], sure)[0] < 1e-6
    for scale, margin in ((64.0, 0.35), (64.0, 0.5), (1000.0, 0.5)):
        for cosine in (0.95, 1.0):
            row = np.array([[cosine, 0, 0, 0]], "float32")
            value, (gradient,) = value_and_gradients(lambda c, s=scale, m=margin: ops.sum(losses.am_softmax([0], c, s, m)), row)
            assert value >= 0
            assert np.isfinite(gradient).all()
    np.testing.assert_allclose(values("am_softmax", [0], EXAMPLE[:1])[0], 0.2014358, rtol=1e-5)


@each
def test_target_logit_is_monotone_in_the_angle_unlike_the_published_simpler_form(name):
    """The loss of a sample falls as its cosine to its class rises, everywhere in [-1, 1]."""
    cosines = np.linspace(-1, 1, 201, dtype="float32")
    rows = np.stack([cosines, np.zeros_like(cosines)], axis=1)
    loss = values(name, np.zeros(201, "int32"), rows, scale=1.0)
    assert (np.diff(loss) < 1e-6).all()
    assert loss[0] - loss[-1] > 0.99


@each
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_gradient_is_finite_at_cosines_of_one_and_minus_one(name, dtype):
    """acos and sqrt(1 - cos^2) of published versions gave nan there."""
    rows = np.array([[1, -1, 0], [-1, 1, 0], [1, 1, 1], [-1, -1, -1], [0, 0, 0]], dtype)
    for labels in (np.array([0, 0, 1, 2, 0], "int32"), np.full((5, 3), 1 / 3, "float32")):
        value, (gradient,) = value_and_gradients(lambda c, y=labels: ops.sum(ops.cast(FUNCTIONS[name](y, c), "float32")), rows)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()
        if labels.ndim == 1:
            assert gradient[1, 0] < 0  # the worst sample is still told where to go


@each
def test_ids_stay_ints(name):
    """float16 makes 2049 of the id 2050 and inf of 65505; float32 makes 16777216 of 16777217."""
    keras.config.set_dtype_policy("mixed_float16")
    rows = np.zeros((1, 2101), "float16")
    rows[0, 2049] = 1
    loss = CLASSES[name]()
    assert float(loss(np.array([2049]), rows)) < float(loss(np.array([2048]), rows))


@each
def test_labels_of_shape_batch_by_one_are_refused(name):
    """They broadcast silently to (batch, batch) in published versions."""
    with pytest.raises(ValueError, match=r"`y_true` must be ids of shape \(6,\).*received shape \(6, 1\)"):
        FUNCTIONS[name](LABELS[:, None], COSINES)
    with pytest.raises(ValueError, match=r"`y_true` of shape .* must be int ids; received .*float32"):
        FUNCTIONS[name](LABELS.astype("float32"), COSINES)
    with pytest.raises(ValueError, match=r"`y_true` must lie in \[-1, 4\]; received ids from 0 to 5"):
        FUNCTIONS[name](np.array([0, 1, 2, 3, 4, 5]), COSINES)
    with pytest.raises(ValueError, match=r"`y_pred` must be cosines of shape \(batch, classes\); received"):
        FUNCTIONS[name](LABELS, COSINES[None])


def test_limits():
    plain = values("normalized_softmax", LABELS, COSINES)
    for name, margin in (("am_softmax", 0.0), ("arcface", 0.0), ("sphereface", 1.0)):
        np.testing.assert_allclose(values(name, LABELS, COSINES, scale=30.0, margin=margin), plain, rtol=1e-5)
    for name, three in (("sphereface", (4.0, 0.0, 0.0)), ("arcface", (1.0, 0.5, 0.0)), ("am_softmax", (1.0, 0.0, 0.35))):
        same = values("combined_margin", LABELS, COSINES, **dict(zip(("m1", "m2", "m3"), three, strict=True)), scale=30.0)
        np.testing.assert_allclose(values(name, LABELS, COSINES, scale=30.0), same, rtol=1e-6)
    growing = [values("am_softmax", LABELS, COSINES, margin=margin).sum() for margin in (0.0, 0.2, 0.4)]
    assert growing == sorted(growing)
    assert values("am_softmax", [0], [[0.3]])[0] == 0  # one lone class


def test_samples_without_a_class_count_nothing():
    labels = np.array([0, -1, 2, -1, 3, 0], "int32")
    loss = values("am_softmax", labels, COSINES)
    assert (loss[[1, 3]] == 0).all()
    assert (loss[[0, 2, 4, 5]] == values("am_softmax", LABELS, COSINES)[[0, 2, 4, 5]]).all()
    assert values("am_softmax", LABELS[:0], COSINES[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.AMSoftmax(scale=-1.0), "`scale` must be a number"),
        (lambda: losses.AMSoftmax(margin="big"), "`margin` must be a number"),
        (lambda: losses.SphereFace(margin=0.5), "`margin` must be a number"),
        (lambda: losses.SimplerASoftmax(margin=2.5), "`margin` must be an int"),
        (lambda: losses.CombinedMargin(m2=float("nan")), "`m2` must be a number"),
        (lambda: losses.CombinedMargin(m1=None), "`m1` must be a number"),
        (lambda: layers.MarginSchedule(margin="x"), "`margin` must be a number or a schedule"),
        (lambda: layers.CosineDense(0), "`classes` must be a positive int"),
    ],
)
def test_settings_are_checked(make, message):
    with pytest.raises(ValueError, match=message + ".*received"):
        make()


def test_a_margin_on_a_schedule_trains_saves_and_goes_on(tmp_path):
    """The step count is in the file, so the margin goes on where it was; and argmax is still a class."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
    y = np.arange(12) % 3
    inputs = keras.Input((4,))
    cosines = layers.CosineDense(3)(keras.layers.Dense(4)(inputs))
    margin = keras.optimizers.schedules.PolynomialDecay(0.0, decay_steps=10, end_learning_rate=0.5)
    model = keras.Model(inputs, layers.MarginSchedule(10.0, margin, name="schedule")(cosines))
    model.compile(
        keras.optimizers.SGD(0.0), loss=losses.ArcFace(scale=None, margin=None), metrics=["sparse_categorical_accuracy"]
    )
    seen = [model.fit(x, y, batch_size=6, verbose=0, shuffle=False).history["loss"][0] for _ in range(2)]
    assert seen[1] > seen[0]
    expected = keras.Model(inputs, cosines).predict(x, verbose=0)
    now = np.mean(margins.loss(y, expected, lambda c: margins.combined(c, 1, 0.2, 0), 10.0))
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), [now, np.mean(expected.argmax(axis=1) == y)], rtol=1e-4)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert int(again.get_layer("schedule").step) == 4
    losses_now = [m.fit(x, y, batch_size=6, verbose=0, shuffle=False).history["loss"] for m in (model, again)]
    np.testing.assert_allclose(*losses_now, rtol=1e-6)
