"""The sentence encoder: padding, search, files."""

import keras
import numpy as np
import pytest

from keras_blog import layers, losses, models

TEXTS = ["开灯", "把灯打开", "关灯", "把灯关了"]


@pytest.fixture
def encoder():
    keras.utils.set_random_seed(0)
    return models.SentenceEncoder(models.SentenceEncoder.vocabulary_of(TEXTS, 1), dim=8, max_length=8)


def test_padding_changes_nothing(encoder):
    """The article's GRU had no mask and ran on over the zeros."""
    ids = encoder.ids(TEXTS)
    longer = np.concatenate([ids, np.zeros((4, 5), "int32")], axis=1)
    np.testing.assert_allclose(encoder.predict(longer, verbose=0), encoder.predict(ids, verbose=0), atol=1e-6)


def test_vectors_have_length_one_and_empty_texts_too(encoder):
    vectors = encoder.encode([*TEXTS, "", "？" * 100])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert encoder.encode([]).shape == (0, 8)


def test_search_finds_the_text_itself_first(encoder):
    encoder.index(TEXTS)
    found = encoder.search("关灯", k=2)
    assert found[0][0] == "关灯"
    assert found[0][1] == pytest.approx(1.0, abs=1e-5)
    assert len(encoder.search("关灯", k=9)) == 4


def test_trains_with_a_margin_and_loads_again(encoder, tmp_path):
    ids = keras.Input((8,), dtype="int32")
    model = keras.Model(ids, layers.CosineDense(2)(encoder(ids)))
    model.compile(keras.optimizers.Adam(0.05), loss=losses.AMSoftmax(scale=10.0))
    model.fit(encoder.ids(TEXTS), np.array([0, 0, 1, 1]), epochs=30, verbose=0)
    encoder.index(TEXTS)
    assert {text for text, _ in encoder.search("开灯", k=2)} == {"开灯", "把灯打开"}
    encoder.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.encode(TEXTS), encoder.encode(TEXTS), atol=1e-6)


def test_bad_input(encoder):
    with pytest.raises(ValueError, match="`vocabulary` must be distinct strings"):
        models.SentenceEncoder(["a", "a"])
    with pytest.raises(ValueError, match=r"`dim` must be an int .*received 0"):
        models.SentenceEncoder(["a"], dim=0)
    with pytest.raises(ValueError, match="`texts` must hold strings or lists of tokens; received int at index 1"):
        encoder.ids(["a", 3])
    with pytest.raises(ValueError, match="`search` must have texts"):
        encoder.search("开灯")
    with pytest.raises(ValueError, match="`query` must be a string"):
        encoder.search("开灯", k=0)
