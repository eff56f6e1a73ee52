"""What every public object owes, over `tests/examples.py`; see CONTRIBUTING.md."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import callbacks, initializers, layers, losses, metrics, mining, models, sql
from tests.examples import ELSEWHERE, LAYERS, LOSSES, METRICS
from tests.gradients import value_and_gradients

ROOT = Path(__file__).parent.parent
BACKEND = keras.config.backend()
BACKENDS = ("tensorflow", "jax", "torch")
RAN = []


@pytest.fixture(autouse=True)
def _count(request):
    yield
    RAN.append(request.node.name)


def example_of(table):
    return pytest.mark.parametrize("name", sorted(table))


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def call(layer, x, mask=None):
    return layer(x) if mask is None else layer(x, mask=mask)


def built(name):
    keras.utils.set_random_seed(0)
    return LAYERS[name].make()


def functional(name):
    """A model of the layer with unknown batch and steps; weights from a seeded NumPy generator, equal on all backends."""
    example = LAYERS[name]
    x = example.x()
    shape = (None, *x.shape[2:]) if example.steps else x.shape[1:]
    inputs = [keras.Input(shape, dtype=str(x.dtype), name="x")]
    if example.mask is None:
        outputs = example.make()(inputs[0])
    else:
        inputs.append(keras.Input((None,), dtype="bool", name="mask"))
        outputs = example.make()(inputs[0], mask=inputs[1])
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape).astype("float32"))
    return model, [x] if example.mask is None else [x, example.mask]


def test_every_public_name_has_an_example():
    known = {*LAYERS, *LOSSES, *METRICS, *ELSEWHERE}
    public = {name for room in (callbacks, initializers, layers, losses, metrics, mining, models, sql) for name in room.__all__}
    assert public == known


@example_of(LAYERS)
def test_layer_saves_and_loads(name, tmp_path):
    model, arrays = functional(name)
    expected = model.predict(arrays, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(arrays, verbose=0), expected)


@example_of(LAYERS)
def test_layer_has_the_shape_it_announces(name):
    model, arrays = functional(name)
    result = numpy(model(arrays))
    announced = model.output_shape
    assert len(announced) == result.ndim
    assert all(size in (None, got) for size, got in zip(announced, result.shape, strict=True))
    fixed = built(name)
    spec = keras.KerasTensor(arrays[0].shape, str(arrays[0].dtype))
    assert fixed.compute_output_spec(spec).shape == call(fixed, *arrays[:1]).shape


@example_of(LAYERS)
def test_layer_config_makes_the_same_layer(name):
    layer = built(name)
    config = layer.get_config()
    json.dumps(config)
    assert type(layer).from_config(config).get_config() == config


@example_of(LAYERS)
def test_layer_under_mixed_precision_is_finite(name):
    example = LAYERS[name]
    for policy in ("mixed_float16", "mixed_bfloat16") if example.floats else ():
        keras.config.set_dtype_policy(policy)
        result = numpy(ops.cast(call(built(name), example.x(), example.mask), "float32"))
        assert np.isfinite(result).all()


@example_of(LAYERS)
def test_layer_ignores_what_is_masked(name):
    example = LAYERS[name]
    if example.mask is None:
        return
    layer, x = built(name), example.x()
    changed = np.where(example.mask[..., None], x, np.float32(1e3))
    before, after = numpy(call(layer, x, example.mask)), numpy(call(layer, changed, example.mask))
    np.testing.assert_array_equal(before, after)


@example_of(LAYERS)
def test_layer_is_deterministic(name):
    example = LAYERS[name]
    first, second = (numpy(call(built(name), example.x(), example.mask)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@example_of(LAYERS)
def test_layer_runs_jitted(name):
    model, arrays = functional(name)
    expected = numpy(model(arrays))
    if BACKEND != "torch":  # whose compilation takes minutes on a CPU
        model.compile(jit_compile=True)
    np.testing.assert_allclose(model.predict(arrays, verbose=0), expected, atol=1e-5)


def test_files_and_values_cross_the_backends(tmp_path):
    """Every layer's model, saved here, predicts the same under the other two."""
    for name in LAYERS:
        model, arrays = functional(name)
        model.save(tmp_path / f"{name}.keras")
        np.savez(tmp_path / f"{name}.npz", *arrays, expected=model.predict(arrays, verbose=0))
    script = """
import sys, pathlib, numpy as np, keras, keras_blog.layers
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    data = dict(np.load(path.with_suffix(".npz")))
    expected = data.pop("expected")
    got = keras.saving.load_model(path, compile=False).predict(list(data.values()), verbose=0)
    np.testing.assert_allclose(got, expected, atol=1e-5, rtol=1e-5)
    print("same", path.stem)
"""
    for backend in BACKENDS:
        if backend == BACKEND or importlib.util.find_spec(backend) is None:
            continue
        environment = {**os.environ, "KERAS_BACKEND": backend}
        command = [sys.executable, "-c", script, str(tmp_path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
        assert done.stdout.count("same") == len(LAYERS), done.stderr


@example_of(LOSSES)
def test_loss_reduces_its_function(name):
    example = LOSSES[name]
    values = numpy(example.function(example.y_true, example.y_pred()))
    assert values.shape == (3,)
    for reduction, expected in (("none", values), ("sum", values.sum()), ("sum_over_batch_size", values.mean())):
        np.testing.assert_allclose(
            numpy(example.make(reduction=reduction)(example.y_true, example.y_pred())), expected, rtol=1e-5
        )
    weight = np.array([0.5, 2.0, 0.0], "float32")
    weighted = example.make(reduction="sum")(example.y_true, example.y_pred(), sample_weight=weight)
    np.testing.assert_allclose(numpy(weighted), (values * weight).sum(), rtol=1e-5)


@example_of(LOSSES)
def test_loss_config_keeps_everything(name):
    loss = LOSSES[name].make(reduction="sum", name="mine", dtype="float64" if BACKEND != "jax" else "float32")
    config = keras.saving.serialize_keras_object(loss)
    json.dumps(config)
    again = keras.saving.deserialize_keras_object(config)
    assert (again.reduction, again.name, again.dtype) == (loss.reduction, "mine", loss.dtype)


@example_of(LOSSES)
def test_loss_of_nothing_is_zero_with_zero_gradient(name):
    example = LOSSES[name]
    if example.nothing is None:
        return
    loss = example.make(reduction="sum")
    value, (gradient,) = value_and_gradients(lambda y_pred: loss(example.nothing, y_pred), example.y_pred())
    assert value == 0
    assert not gradient.any()


@example_of(LOSSES)
def test_loss_gradient_is_the_finite_difference(name):
    """Along random directions, by central differences in float32: 1e-2 is what its digits allow."""
    example = LOSSES[name]
    loss, y_pred = example.make(reduction="sum"), example.y_pred()
    _, (gradient,) = value_and_gradients(lambda y_pred: loss(example.y_true, y_pred), y_pred)
    rng = np.random.default_rng(0)
    for _ in range(5):
        direction = rng.normal(size=y_pred.shape).astype("float32") * example.varies(y_pred)
        ahead, behind = (float(loss(example.y_true, y_pred + step * direction)) for step in (1e-2, -1e-2))
        np.testing.assert_allclose((gradient * direction).sum(), (ahead - behind) / 2e-2, rtol=1e-2, atol=1e-2)


@example_of(LOSSES)
def test_loss_refuses_wrong_shapes(name):
    example = LOSSES[name]
    with pytest.raises(ValueError, match=r"`.*` must .*received"):
        example.function(example.wrong, example.y_pred())
    with pytest.raises(ValueError, match=r"`.*` must .*received"):
        example.function(example.y_true, example.y_pred()[0])


@pytest.mark.parametrize("jit", [False, True])
@example_of(LOSSES)
def test_loss_and_metrics_train_and_resume(name, jit, tmp_path):
    """`fit` lowers the loss, jitted or not; a compiled file loads again and goes on."""
    if jit and BACKEND == "torch":
        jit = False
    example = LOSSES[name]
    keras.utils.set_random_seed(0)
    model, x = example.network()
    metrics = [METRICS[metric].make() for metric in example.metrics]
    model.compile(keras.optimizers.SGD(0.1), loss=example.make(), metrics=metrics, jit_compile=jit)
    y = example.y_true
    history = model.fit(x, y, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-6)
    losses_after = [m.fit(x, y, epochs=1, verbose=0).history["loss"] for m in (model, again)]
    np.testing.assert_allclose(losses_after[0], losses_after[1], rtol=1e-6)


@example_of(METRICS)
def test_metric_counts_over_batches_and_resets(name):
    example = METRICS[name]
    whole, parts = example.make(), example.make()
    y_pred = example.y_pred()
    whole.update_state(example.y_true, y_pred)
    for i in range(3):
        parts.update_state(example.y_true[i : i + 1], y_pred[i : i + 1])
    np.testing.assert_allclose(float(parts.result()), float(whole.result()), rtol=1e-6)
    parts.reset_state()
    assert float(parts.result()) == 0
    config = keras.saving.serialize_keras_object(whole)
    json.dumps(config)
    assert keras.saving.deserialize_keras_object(config).get_config() == whole.get_config()


def test_zz_the_checks_ran():
    """A battery that a skip has emptied must not stay green."""
    assert len(RAN) >= 1 + 7 * len(LAYERS) + 1 + 7 * len(LOSSES) + len(METRICS)
