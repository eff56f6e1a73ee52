"""The conversion of word vectors, each step against its definition."""

import numpy as np
import pytest

from keras_blog import mining

TABLE = np.random.default_rng(0).normal(size=(30, 6)) * [5, 3, 1, 1, 1, 1] + 2


def test_all_but_the_top():
    found = mining.convert_vectors(TABLE, directions=2, smoothing=None)
    centred = TABLE - TABLE.mean(0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(found, (left[:, 2:] * sizes[2:]) @ right[2:], atol=1e-10)


def test_common_words_become_short():
    shares = np.arange(30.0)[::-1]
    found = mining.convert_vectors(TABLE, shares, directions=0, smoothing=0.01)
    np.testing.assert_allclose(found, TABLE * (0.01 / (0.01 + shares / shares.sum()))[:, None])
    zipf = 1 / (np.arange(30) + 2.7)
    by_rank = mining.convert_vectors(TABLE, directions=0)
    np.testing.assert_allclose(by_rank, mining.convert_vectors(TABLE, zipf, directions=0))
    assert np.all(np.diff(np.linalg.norm(by_rank, axis=1) / np.linalg.norm(TABLE, axis=1)) > 0)


def test_what_all_texts_say_goes():
    texts = [[0, 1, 2], [3, 4], [], [5, 6, 7, 8]]
    found = mining.convert_vectors(TABLE, directions=0, smoothing=None, texts=texts)
    means = np.array([TABLE[text].mean(0) for text in texts if text])
    direction = np.linalg.svd(means)[2][0]
    np.testing.assert_allclose(found @ direction, 0, atol=1e-10)
    np.testing.assert_allclose(found + np.outer(TABLE @ direction, direction), TABLE)
    np.testing.assert_array_equal(mining.convert_vectors(TABLE, directions=0, smoothing=None, texts=texts, common=0), TABLE)
    assert np.isfinite(mining.convert_vectors(TABLE, texts=[[]])).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vectors": [1.0]}, r"`vectors` must be finite word vectors \(words, dim\); received shape \(1,\)"),
        ({"directions": 7}, r"`directions` must be an int from 0 to 6; received 7"),
        ({"common": -1}, r"`common` must be an int from 0 to 6; received -1"),
        ({"smoothing": 0.0}, r"`smoothing` must be positive, or None; received 0.0"),
        ({"shares": [1.0]}, r"`shares` must be 30 shares, none negative; received shape \(1,\)"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        mining.convert_vectors(**{"vectors": TABLE, **arguments})
