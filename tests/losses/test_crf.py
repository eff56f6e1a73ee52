"""The loss in `compile`: every form of labels, weights a sequence and a step, and several devices."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_blog import layers, losses
from keras_blog.ops import crf
from tests.chains import MASKS, numpy, random_chain

CHAIN = random_chain(np.random.default_rng(0), 1.0)
TAGS = np.where(MASKS, np.random.default_rng(1).integers(0, 3, MASKS.shape), -1).astype("int32")
POTENTIALS = numpy(crf.pack(*CHAIN, MASKS))


def test_one_hot_tags_are_int_tags():
    one_hot = (TAGS[..., None] == np.arange(3)).astype("float32")
    ints, sets = (numpy(losses.crf_negative_log_likelihood(tags, POTENTIALS)) for tags in (TAGS, one_hot))
    np.testing.assert_allclose(sets, ints, rtol=1e-5, atol=1e-5)


def test_float_labels_are_read_as_ints():
    """Keras casts labels to floats on their way to a loss."""
    ints, floats = (
        numpy(losses.CRFNegativeLogLikelihood("none")(TAGS.astype(kind), POTENTIALS)) for kind in ("int32", "float32")
    )
    np.testing.assert_array_equal(ints, floats)


def model_of():
    inputs = keras.Input((None, 3))
    keras.utils.set_random_seed(0)
    model = keras.Model(inputs, layers.CRF(3)(inputs))
    model.compile(keras.optimizers.SGD(0.0), loss=losses.CRFNegativeLogLikelihood())
    return model


def test_weights_of_sequences_through_fit():
    x, y = CHAIN[0], np.array([[0, 1, 2, 1, 0]] * 6, "int32")
    model, weight = model_of(), np.array([0, 1, 2, 0.5, 1, 0], "float32")
    values = numpy(losses.crf_negative_log_likelihood(y, model.predict(x, verbose=0)))
    got = model.fit(x, y, sample_weight=weight, batch_size=6, verbose=0).history["loss"][0]
    assert got == pytest.approx((values * weight).sum() / 6, rel=1e-5)


def test_weights_of_steps_through_fit():
    x, y = CHAIN[0], np.array([[0, 1, 2, 1, 0]] * 6, "int32")
    model, weight = model_of(), np.random.default_rng(2).random((6, 5)).astype("float32")
    potentials = model.predict(x, verbose=0)
    values = numpy(losses.crf_negative_log_likelihood(y, potentials, step_weight=weight))
    got = model.fit(x, y, sample_weight=weight, batch_size=6, verbose=0).history["loss"][0]
    assert got == pytest.approx(values.mean(), rel=1e-5)
    unweighted = model.fit(x, y, sample_weight=np.ones((6, 5), "float32"), batch_size=6, verbose=0).history["loss"][0]
    assert unweighted == pytest.approx(numpy(losses.crf_negative_log_likelihood(y, potentials)).mean(), rel=1e-5)


def test_sets_of_tags_through_fit():
    """Where every tag is possible nothing is observed, and nothing can be lost."""
    x, sets = CHAIN[0], np.ones((6, 5, 3), "int8")
    model = model_of()
    assert model.fit(x, sets, verbose=0).history["loss"][0] == pytest.approx(0, abs=1e-5)
    sets[:, 2] = [0, 1, 0]
    marginals = numpy(crf.marginals(model.predict(x, verbose=0)))
    expected = -np.log(marginals[:, 2, 1]).mean()
    assert model.fit(x, sets, verbose=0).history["loss"][0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("y_true", "message"),
    [
        (TAGS[:, :4], r"`tags` must have"),
        (np.zeros((6, 5, 4)), r"must have"),
        (np.zeros(6, "int32"), r"must have"),
    ],
)
def test_labels_of_another_shape(y_true, message):
    with pytest.raises(ValueError, match=message + ".*received"):
        losses.crf_negative_log_likelihood(y_true, POTENTIALS)


@pytest.mark.slow  # half a minute of compilation
@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="tf.distribute belongs to TensorFlow")
def test_two_replicas_are_one_device():
    """The stock reduction is scaled by the number of replicas; a mean of one's own would count twice."""
    script = """
import keras, numpy as np, tensorflow as tf
from keras_blog import layers, losses
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
rng = np.random.default_rng(0)
x, y = rng.normal(size=(8, 5, 3)).astype("float32"), rng.integers(0, 3, (8, 5))
for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
    with strategy.scope():
        keras.utils.set_random_seed(0)
        inputs = keras.Input((None, 3))
        model = keras.Model(inputs, layers.CRF(3)(keras.layers.Dense(3)(inputs)))
        model.compile(keras.optimizers.SGD(0.1), loss=losses.CRFNegativeLogLikelihood(), jit_compile=False)
        loss = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"][-1]
    print("result", loss, *(float(np.abs(w).sum()) for w in model.get_weights()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    one, two = ([float(v) for v in line.split()[1:]] for line in done.stdout.splitlines() if line.startswith("result"))
    np.testing.assert_allclose(two, one, rtol=1e-5)
