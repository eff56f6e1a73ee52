"""The layers of `models.NL2SQL`: oracles in NumPy, padding, files."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers

RNG = np.random.default_rng(0)
TOKENS = RNG.normal(size=(2, 7, 4)).astype("float32")
SEGMENTS = np.array([[1, 1, 2, 2, 3, 0, 0], [1, 1, 1, 2, 3, 3, 4]], "int32")
COLUMNS = RNG.normal(size=(2, 3, 4)).astype("float32")
REAL = np.array([[1, 1, 0], [1, 1, 1]], bool)
GRAMS = np.array([[[2, 7, 8], [1, 7, 0], [0, 0, 0]]], "int32")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def test_alignment_is_attention_to_the_other_side_and_to_nothing():
    layer = layers.CrossAlignment(3)
    got = numpy(layer(TOKENS, SEGMENTS))
    keys, scale = TOKENS @ numpy(layer.keys.kernel), float(numpy(layer.scale)[0]) / np.sqrt(3)
    for b in range(2):
        for t in range(7):
            others = [s for s in range(7) if 0 not in SEGMENTS[b, [s, t]] and (SEGMENTS[b, s] == 1) != (SEGMENTS[b, t] == 1)]
            odds = np.exp(scale * keys[b, others] @ keys[b, t])
            weights = odds / (1 + odds.sum())
            expected = [*(weights @ TOKENS[b, others] if others else np.zeros(4)), weights.sum()]
            np.testing.assert_allclose(got[b, t], expected, atol=1e-5)


def test_alignment_of_large_scores_is_finite():
    layer = layers.CrossAlignment(3)
    layer(TOKENS, SEGMENTS)
    layer.scale.assign([1e6])
    assert np.isfinite(numpy(layer(TOKENS, SEGMENTS))).all()


def test_segment_means():
    got = numpy(layers.SegmentMean()(TOKENS, SEGMENTS, REAL))
    for b in range(2):
        for c in range(3):
            members = TOKENS[b, SEGMENTS[b] == c + 2]
            np.testing.assert_allclose(got[b, c], members.mean(axis=0) if len(members) else 0, atol=1e-6)


def test_gram_vectors():
    layer = layers.GramEmbedding(10, 4)
    got, table = numpy(layer(GRAMS)), numpy(layer.vectors.embeddings)
    np.testing.assert_allclose(got[0], [table[2] + table[[7, 8]].mean(axis=0), table[1] + table[7], np.zeros(4)], atol=1e-6)
    assert numpy(layer.compute_mask(GRAMS)).tolist() == [[True, True, False]]


def test_match_leaves_padding_out():
    got = numpy(layers.ColumnMatch(5)(TOKENS, COLUMNS, REAL))
    assert (got[0, :, 2] == -1e4).all()
    assert (np.abs(got[1]) < 10).all()


@pytest.mark.parametrize("name", ["CrossAlignment", "SegmentMean", "GramEmbedding", "ColumnAggregate", "ColumnMatch"])
def test_layers_save_load_and_keep_their_shapes(name, tmp_path):
    tokens, columns, question = keras.Input((None, 4)), keras.Input((None, 4)), keras.Input((None,), dtype="bool")
    segments, grams = keras.Input((None,), dtype="int32"), keras.Input((None, 3), dtype="int32")
    layer, inputs, arrays = {
        "CrossAlignment": (lambda: layers.CrossAlignment(3), [tokens, segments], [TOKENS, SEGMENTS]),
        "SegmentMean": (layers.SegmentMean, [tokens, segments, columns], [TOKENS, SEGMENTS, COLUMNS]),
        "GramEmbedding": (lambda: layers.GramEmbedding(10, 4), [grams], [GRAMS]),
        "ColumnAggregate": (
            lambda: layers.ColumnAggregate(7, 5, dropout=0.1, seed=1), [columns, tokens, question],
            [COLUMNS, TOKENS, SEGMENTS == 1],
        ),
        "ColumnMatch": (lambda: layers.ColumnMatch(5), [tokens, columns, question], [TOKENS, COLUMNS, REAL]),
    }[name]  # fmt: skip
    model = keras.Model(inputs, layer()(*inputs))
    expected = numpy(model(arrays))
    assert len(model.output_shape) == expected.ndim
    assert model.output_shape[-1] in (None, expected.shape[-1])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(numpy(loaded(arrays)), expected)
    keras.config.set_dtype_policy("mixed_float16")
    assert np.isfinite(numpy(ops.cast(layer()(*arrays), "float32"))).all()
