"""MiniLM gives the similarities that its authors publish; a tiny BERT of the same form stands in where there is no network."""

import json
import struct

import keras
import numpy as np
import pytest

from keras_blog import models
from keras_blog.datasets import minilm

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "town", "##s", "which", "?", "the", "café", "cafe"]


def test_word_pieces_have_offsets(tmp_path):
    pytest.importorskip("tokenizers")
    tokenizer = models.WordPieces(VOCABULARY)
    text = "Which Towns? Café"
    ids, offsets = tokenizer.encode(text)
    assert ids == [6, 4, 5, 7, 10]
    assert [text[a:b] for a, b in offsets] == ["Which", "Town", "s", "?", "Café"]
    assert models.WordPieces.from_config(tokenizer.get_config()).encode(text) == tokenizer.encode(text)
    with pytest.raises(ValueError, match="`vocabulary` must hold"):
        models.WordPieces(["a"])


def test_safetensors_are_read_or_refused():
    array = np.arange(6, dtype="<f4").reshape(2, 3)
    header = json.dumps({"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {}}).encode()
    content = struct.pack("<Q", len(header)) + header + array.tobytes()
    np.testing.assert_array_equal(minilm.parse(content)["a"], array)
    for bad in (b"", b"12345678", content[:-4], struct.pack("<Q", 4) + b"[[]]"):
        with pytest.raises(ValueError, match="safetensors"):
            minilm.parse(bad)


@pytest.mark.parametrize("options", [{"layers": 0}, {"layers": 7}, {"length": 0}, {"length": 513}])
def test_bad_sizes_are_refused(options):
    with pytest.raises(ValueError, match="`layers` must be 1 to 6"):
        models.minilm_encoder(**options)


@pytest.mark.slow
def test_published_similarities():
    """Of the model's card: a happy person with a happy dog, a very happy person, a sunny day."""
    pytest.importorskip("keras_hub")
    tokenizer, encoder = models.WordPieces(minilm.vocabulary()), models.minilm_encoder(length=16)
    texts = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    rows = [[tokenizer.start, *tokenizer.encode(text)[0], tokenizer.separator] for text in texts]
    ids = np.array([row + [0] * (9 - len(row)) for row in rows], "int32")
    vectors = keras.ops.convert_to_numpy(encoder(ids))
    means = (vectors * (ids > 0)[..., None]).sum(axis=1) / (ids > 0).sum(axis=1, keepdims=True)
    means /= np.linalg.norm(means, axis=-1, keepdims=True)
    np.testing.assert_allclose(means[1:] @ means[0], [0.695, 0.943, 0.257], atol=2e-3)
