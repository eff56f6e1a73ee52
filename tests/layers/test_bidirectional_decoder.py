"""Decoding from both ends: what each step sees, symmetry, and a step at a time."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.layers import BidirectionalDecoder

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 2, 6, 8)).astype("float32")
MEMORY = RNG.normal(size=(2, 5, 4)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], bool)
FUSIONS = pytest.mark.parametrize("fusion", ["tanh", "average"])


def numpy(x):
    return ops.convert_to_numpy(x)


def layer_of(fusion, **options):
    layer = BidirectionalDecoder(2, 4, hidden=16, fusion=fusion, future_weight=0.5, **options)
    layer(X, MEMORY)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(0, 0.5, weight.shape) for weight in layer.get_weights()])
    return layer


def oracle(layer, x, memory, mask):
    """Sums over one head, one step, one direction at a time, float64."""
    parts = "query key value output memory_query memory_key memory_value memory_output inner outer".split()
    dense = {part: [np.asarray(w, "float64") for w in getattr(layer, f"{part}_dense").get_weights()] for part in parts}

    def apply(part, y):
        return y @ dense[part][0] + dense[part][1]

    def norm(i, y):
        gamma, beta = layer.norms[i].get_weights()
        return (y - y.mean()) / np.sqrt(y.var() + 1e-6) * gamma + beta

    def attend(query, keys, values):
        if not len(keys):
            return np.zeros_like(query)
        parts = []
        for head in range(2):
            part = slice(4 * head, 4 * head + 4)
            scores = np.array([query[part] @ key[part] for key in keys]) / 2
            weights = np.exp(scores - scores.max())
            parts.append(sum(w * value[part] for w, value in zip(weights / weights.sum(), values, strict=True)))
        return np.concatenate(parts)

    out = np.zeros(x.shape)
    for b in range(len(x)):
        normal = [[norm(0, x[b, side, t].astype("float64")) for t in range(x.shape[2])] for side in range(2)]
        real = [m for m, there in zip(memory[b].astype("float64"), mask[b], strict=True) if there]
        for side in range(2):
            for t in range(x.shape[2]):
                query = apply("query", normal[side][t])
                own, other = (
                    attend(query, [apply("key", y) for y in rows[: t + 1]], [apply("value", y) for y in rows[: t + 1]])
                    for rows in (normal[side], normal[1 - side])
                )
                joined = own + layer.future_weight * np.tanh(other) if layer.fusion == "tanh" else (own + other) / 2
                y = x[b, side, t] + apply("output", joined)
                query = apply("memory_query", norm(1, y))
                read = attend(query, [apply("memory_key", m) for m in real], [apply("memory_value", m) for m in real])
                y = y + apply("memory_output", read)
                inner = apply("inner", norm(2, y))
                gelu = np.array([0.5 * v * (1 + math.erf(v / np.sqrt(2))) for v in inner])
                out[b, side, t] = y + apply("outer", gelu)
    return out


@FUSIONS
def test_equals_the_definition(fusion):
    layer = layer_of(fusion)
    np.testing.assert_allclose(numpy(layer(X, MEMORY, memory_mask=MASK)), oracle(layer, X, MEMORY, MASK), atol=1e-4)


@FUSIONS
def test_swapping_the_directions_swaps_the_outputs(fusion):
    layer = layer_of(fusion)
    np.testing.assert_array_equal(numpy(layer(X[:, ::-1], MEMORY)), numpy(layer(X, MEMORY))[:, ::-1])


@FUSIONS
@pytest.mark.parametrize("side", [0, 1])
def test_nothing_that_either_side_writes_later_changes_a_step(fusion, side):
    """Bug of the published layer: one direction read the other after that had read it, and so its own future."""
    layer = layer_of(fusion)
    changed = X.copy()
    changed[:, side, 3:] = 9.0
    before, after = (numpy(layer(x, MEMORY)) for x in (X, changed))
    np.testing.assert_allclose(before[:, :, :3], after[:, :, :3], atol=1e-6)
    assert np.abs(before[:, :, 3:] - after[:, :, 3:]).max(axis=(0, 2, 3)).min() > 1e-3  # both sides see what came


def test_masked_memory_and_padded_steps_change_nothing():
    layer = layer_of("tanh")
    changed = np.where(MASK[:, :, None], MEMORY, np.float32(1e3))
    before = numpy(layer(X, MEMORY, memory_mask=MASK))
    np.testing.assert_allclose(before, numpy(layer(X, changed, memory_mask=MASK)), atol=1e-5)
    longer = np.pad(X, ((0, 0), (0, 0), (0, 3), (0, 0)), constant_values=7.0)
    np.testing.assert_allclose(before, numpy(layer(longer, MEMORY, memory_mask=MASK))[:, :, :6], atol=1e-4)
    assert np.isfinite(numpy(layer(X, MEMORY, memory_mask=np.zeros_like(MASK)))).all()


@FUSIONS
@pytest.mark.parametrize("beams", [1, 3])
def test_a_step_at_a_time_is_all_at_once(fusion, beams):
    """The rows of a search: of each text the hypotheses from the left, then from the right; equal numbers read each other."""
    layer = layer_of(fusion)
    x = RNG.normal(size=(2, 2, beams, 6, 8)).astype("float32")
    pairs = np.swapaxes(x, 1, 2).reshape(2 * beams, 2, 6, 8)
    expected = numpy(layer(pairs, np.repeat(MEMORY, beams, axis=0), memory_mask=np.repeat(MASK, beams, axis=0)))
    expected = np.swapaxes(expected.reshape(2, beams, 2, 6, 8), 1, 2).reshape(-1, 6, 8)
    rows = ops.convert_to_tensor(x.reshape(-1, 6, 8))
    cache, remembered = layer.initial_cache(4 * beams, 6), layer.remember(ops.convert_to_tensor(MEMORY), 2 * beams)
    mask = ops.convert_to_tensor(np.repeat(MASK, 2 * beams, axis=0))
    for t in range(6):
        y, cache, attention = layer.decode(rows[:, t : t + 1], cache, t, remembered, mask, beams)
        np.testing.assert_allclose(numpy(y)[:, 0], expected[:, t], atol=1e-4)
        np.testing.assert_allclose(numpy(attention).sum(axis=1), 1, atol=1e-5)
        np.testing.assert_array_equal(numpy(attention)[~numpy(mask)], 0)


def test_masks_of_embeddings_come_in_and_go_through():
    """That of the memory hides its padding; that of the two directions goes on to the loss."""
    embed = keras.layers.Embedding(5, 8, mask_zero=True)
    ids, source = np.array([[[1, 2, 0], [2, 1, 0]]]), np.array([[3, 4, 0, 0]])
    layer = BidirectionalDecoder(2, 4, 16)
    y = layer(embed(ids), embed(source))
    np.testing.assert_array_equal(numpy(y._keras_mask), ids > 0)
    np.testing.assert_allclose(numpy(y), numpy(layer(embed(ids), embed(source[:, :2]))), atol=1e-5)


def test_saves_trains_and_takes_half_precision(tmp_path):
    inputs, memory = keras.Input((2, None, 8)), keras.Input((None, 4))
    model = keras.Model([inputs, memory], BidirectionalDecoder(2, 4, 16, dropout=0.1, seed=1)(inputs, memory))
    model.compile("sgd", "mse")
    model.fit([X, MEMORY], X, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(*(m.predict([X, MEMORY], verbose=0) for m in (model, loaded)))
    keras.config.set_dtype_policy("mixed_float16")
    assert np.isfinite(numpy(ops.cast(BidirectionalDecoder(2, 4)(X, MEMORY), "float32"))).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BidirectionalDecoder(0, 4), "`num_heads` must be an int from 1 to 65536; received 0"),
        (lambda: BidirectionalDecoder(2, 4, fusion="sum"), "`fusion` must be 'tanh' or 'average'; received 'sum'"),
        (lambda: BidirectionalDecoder(2, 4, future_weight=math.nan), "`future_weight` must be a finite number; received nan"),
        (lambda: BidirectionalDecoder(2, 4)(X[:, 0], MEMORY), r"`inputs` must have shape \(batch, 2, steps, dim\); received"),
        (lambda: BidirectionalDecoder(2, 4)(X, MEMORY[0]), r"`memory` must have shape \(batch, source steps, dim\); received"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
