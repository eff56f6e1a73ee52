import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers

RNG = np.random.default_rng(0)
X, Z = RNG.normal(2, 3, size=(4, 3, 3, 2)).astype("float32"), RNG.normal(size=(4, 5)).astype("float32")
IDS = np.array([0, 2, 1, 2], "int32")
CASES = {
    "ConditionalBatchNormalization": (lambda: layers.ConditionalBatchNormalization(3), IDS),
    "SelfModulatedBatchNormalization": (lambda: layers.SelfModulatedBatchNormalization(4), Z),
    "AdaptiveInstanceNormalization": (lambda: layers.AdaptiveInstanceNormalization(kernel_initializer="zeros"), Z),
}
each = pytest.mark.parametrize("name", CASES)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


@each
def test_at_the_start_it_is_plain_normalisation(name):
    make, condition = CASES[name]
    layer = make()
    if name == "AdaptiveInstanceNormalization":
        plain = keras.layers.GroupNormalization(-1, center=False, scale=False)
    else:
        plain = keras.layers.BatchNormalization(center=False, scale=False)
    for training in (True, True, False):
        options = {} if name == "AdaptiveInstanceNormalization" else {"training": training}
        np.testing.assert_allclose(numpy(layer(X, condition, training=training)), numpy(plain(X, **options)), atol=1e-5)


@each
def test_the_condition_scales_and_shifts(name):
    make, condition = CASES[name]
    layer = make()
    before = numpy(layer(X, condition, training=True))
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    after = numpy(layer(X, condition, training=True))
    weights = [numpy(variable) for variable in layer.trainable_variables]
    if name == "ConditionalBatchNormalization":
        factors = weights[0][IDS]
    elif name == "SelfModulatedBatchNormalization":
        factors = np.maximum(Z @ weights[0] + weights[1], 0) @ weights[2] + weights[3]
    else:
        factors = Z @ weights[0] + weights[1]
    gamma, beta = factors[:, None, None, :2], factors[:, None, None, 2:]
    np.testing.assert_allclose(after, (1 + gamma) * before + beta, rtol=1e-4, atol=1e-4)


@each
def test_it_saves_loads_and_is_finite_in_float16(name, tmp_path):
    make, condition = CASES[name]
    inputs = keras.Input((3, 3, 2)), keras.Input(condition.shape[1:], dtype=str(condition.dtype))
    model = keras.Model(inputs, make()(*inputs))
    for variable in model.trainable_variables:
        variable.assign(RNG.normal(size=variable.shape))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(*(m.predict([X, condition], verbose=0) for m in (model, loaded)))
    keras.config.set_dtype_policy("mixed_float16")
    half = make()(X, condition, training=True)
    assert keras.backend.standardize_dtype(half.dtype) == "float16"
    assert np.isfinite(numpy(half)).all()


def test_wrong_arguments():
    for make in (lambda: layers.ConditionalBatchNormalization(0), lambda: layers.SelfModulatedBatchNormalization(0.5)):
        with pytest.raises(ValueError, match=r"must be a positive int; received"):
            make()
    for name, wrong in (("ConditionalBatchNormalization", Z), ("SelfModulatedBatchNormalization", IDS)):
        with pytest.raises(ValueError, match=r"`condition` must .*received"):
            CASES[name][0]()(X, wrong)
