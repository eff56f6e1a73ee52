"""The loss over very many classes: equals the one that holds all cosines, and holds none itself."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers, losses
from keras_blog.ops import class_centers
from tests import margins
from tests.gradients import value_and_gradients

RNG = np.random.default_rng(0)
BATCH, DIM = 6, 4
FEATURES = RNG.normal(size=(BATCH, DIM)).astype("float32")
FEATURES /= np.linalg.norm(FEATURES, axis=1, keepdims=True)


def problem(classes):
    """Packed centres of any length, noise, features; and labels with a pair, an ignored one and both ends."""
    rng = np.random.default_rng(classes)
    centers = rng.normal(size=(classes, DIM)).astype("float32")
    packed = np.concatenate([centers, rng.uniform(size=(1, DIM)).astype("float32"), FEATURES])
    return packed, np.array([0, classes - 1, 1, 1, -1, classes // 2], "int32")


def cosines_of(features, centers):
    return features @ centers.T / np.linalg.norm(centers, axis=1)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("classes", [5, class_centers.ROWS, 2 * class_centers.ROWS + 9])
def test_equals_the_loss_of_all_cosines_and_its_gradient(classes, jit):
    packed, labels = problem(classes)
    weight = np.linspace(0.5, 2.0, BATCH).astype("float32")
    if keras.config.backend() == "torch" and jit:
        return

    def streamed(packed):
        return ops.sum(ops.multiply(losses.streamed_margin(labels, packed, m2=0.3, scale=20.0), weight))

    def whole(packed):
        features, centers, _ = class_centers.unpack(packed, BATCH)
        unit = centers / ops.sqrt(ops.sum(ops.square(centers), axis=1, keepdims=True))
        cosines = ops.matmul(features, ops.transpose(unit))
        return ops.sum(ops.multiply(losses.combined_margin(labels, cosines, m2=0.3, m3=0.35, scale=20.0), weight))

    value, (gradient,) = value_and_gradients(streamed, packed, jit=jit)
    expected, (expected_gradient,) = value_and_gradients(whole, packed)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, expected_gradient, atol=3e-5, rtol=1e-4)
    labelled = labels >= 0
    psi = lambda c: margins.combined(c, 1.0, 0.3, 0.35)  # noqa: E731
    oracle = margins.loss(labels[labelled], cosines_of(FEATURES, packed[:classes])[labelled], psi, 20.0)
    np.testing.assert_allclose(value, (oracle * weight[labelled]).sum(), rtol=1e-5)


def test_the_sampled_form_is_the_softmax_over_the_classes_that_it_names():
    """All classes of the batch once, one of each three neighbours once; value and gradient of the small softmax."""
    classes = 50
    packed, labels = problem(classes)
    ids = ops.convert_to_numpy(class_centers._sample(ops.convert_to_tensor(labels), packed[classes], classes, 3))
    ids = ids[ids >= 0]
    assert len(set(ids)) == len(ids)
    assert set(labels[labels >= 0]) <= set(ids)
    assert all(np.sum((ids >= 3 * k) & (ids < 3 * k + 3)) >= 1 for k in range(16))
    value, (gradient,) = value_and_gradients(
        lambda packed: ops.sum(losses.streamed_margin(labels, packed, scale=20.0, share=1 / 3)), packed
    )
    small = np.concatenate([packed[ids], packed[classes:]])
    at = np.array([np.flatnonzero(ids == y)[0] if y >= 0 else -1 for y in labels])
    expected, (some,) = value_and_gradients(lambda p: ops.sum(losses.streamed_margin(at, p, scale=20.0)), small)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient[ids], some[: len(ids)], atol=1e-5)
    np.testing.assert_allclose(gradient[classes:], some[len(ids) :], atol=1e-5)
    assert not np.delete(gradient[:classes], ids, axis=0).any()


def test_every_class_is_drawn_equally_often():
    labels = ops.convert_to_tensor(np.zeros(1, "int32"))
    counts = np.zeros(40)
    for u in np.linspace(0, 1, 200, endpoint=False):
        ids = ops.convert_to_numpy(class_centers._sample(labels, np.full(4, u, "float32"), 40, 4))
        counts += np.bincount(ids[1:][ids[1:] >= 0], minlength=40)
    assert (counts[1:] == 50).all()  # class 0 is in the batch


def test_no_array_of_batch_by_classes_exists():
    """On JAX, by the program itself; its largest array is that of the centres. On the others, by the sizes that they meet."""
    classes = 8 * class_centers.ROWS
    packed, labels = problem(classes)
    if keras.config.backend() == "jax":
        import jax

        loss = lambda packed: ops.sum(losses.streamed_margin(labels, packed))  # noqa: E731
        program = str(jax.make_jaxpr(jax.grad(loss))(packed))
        assert f"{BATCH},{class_centers.ROWS}]" in program
        assert f"{BATCH},{classes}]" not in program
        return
    seen = []
    psi = lambda c: (c, ops.ones_like(c))  # noqa: E731

    def watch(step):
        def watched(carry, part, ids):
            seen.append(part.shape[0])
            return step(carry, part, ids)

        return watched

    fold = class_centers.fold
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(class_centers, "fold", lambda step, *args: fold(watch(step), *args))
        value_and_gradients(
            lambda p: ops.sum(class_centers.streamed_margin_softmax(p, ops.convert_to_tensor(labels), psi, 30.0)), packed
        )
    assert len(seen) >= 2
    assert all(size in (None, class_centers.ROWS) for size in seen)


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_trains_in_fit_like_the_dense_pair(share):
    """Clusters are learnt; the weights fit CosineDense."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 30, size=256)
    x = (np.eye(30)[y] + 0.1 * rng.normal(size=(256, 30))).astype("float32")
    inputs = keras.Input((30,))
    features = keras.layers.Dense(16)(inputs)
    model = keras.Model(inputs, layers.ClassCenters(30, seed=0)(features))
    model.compile(keras.optimizers.Adam(0.05), loss=losses.StreamedMargin(scale=10.0, share=share))
    history = model.fit(x, y, batch_size=64, epochs=15, verbose=0).history["loss"]
    assert history[-1] < 0.3 * history[0]
    head = layers.CosineDense(30)
    cosines = head(features)
    head.set_weights(model.layers[-1].get_weights()[:1])
    predicted = keras.Model(inputs, cosines).predict(x, verbose=0).argmax(axis=1)
    assert np.mean(predicted == y) > 0.95


def test_wrong_arguments():
    packed, labels = problem(5)
    with pytest.raises(ValueError, match=r"`y_true` must lie in \[-1, 4\]; received ids from -1 to 7"):
        losses.streamed_margin(np.where(labels == 4, 7, labels), packed)
    with pytest.raises(ValueError, match="`share` must be a number in"):
        losses.StreamedMargin(share=0.0)
    with pytest.raises(ValueError, match="`inputs` must be features"):
        layers.ClassCenters(3)(np.zeros((2, 3, 4), "float32"))


SHARDED = """
import sys, keras, numpy as np
from keras_blog import layers, losses
devices = int(sys.argv[1])
if devices > 1:
    mesh = keras.distribution.DeviceMesh((1, devices), ["batch", "model"])
    layout = keras.distribution.LayoutMap(mesh)
    layout[".*cosines/centers"] = ("model", None)
    keras.distribution.set_distribution(keras.distribution.ModelParallel(layout_map=layout, batch_dim_name="batch"))
rng = np.random.default_rng(0)
x, y = rng.normal(size=(32, 12)).astype("float32"), rng.integers(0, 64, size=32)
inputs = keras.Input((12,))
model = keras.Model(inputs, layers.CosineDense(64, name="cosines")(keras.layers.Dense(8, name="dense")(inputs)))
for weight in model.weights:
    weight.assign(rng.normal(size=weight.shape))
centers = model.get_layer("cosines").centers
shard = centers.value.sharding.shard_shape(centers.shape)
assert shard == (64 // devices, 8), shard
model.compile(keras.optimizers.SGD(0.1), loss=losses.AMSoftmax())
history = model.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0).history["loss"]
np.savez(sys.argv[2], history=history, *[np.asarray(weight.value) for weight in model.weights])
"""


@pytest.mark.skipif(keras.config.backend() != "jax", reason="keras.distribution shards on JAX alone")
def test_class_matrix_over_eight_devices_trains_as_on_one(tmp_path):
    results = []
    for devices in (1, 8):
        environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
        command = [sys.executable, "-c", SHARDED, str(devices), str(tmp_path / f"{devices}.npz")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[2])
        assert done.returncode == 0, done.stderr[-2000:]
        results.append(dict(np.load(tmp_path / f"{devices}.npz")))
    assert results[0].keys() == results[1].keys()
    for name, one in results[0].items():
        np.testing.assert_allclose(results[1][name], one, rtol=1e-5, atol=1e-6)
