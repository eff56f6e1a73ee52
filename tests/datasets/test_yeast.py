import numpy as np
import pytest

from keras_blog.datasets import yeast


def test_the_corpus():
    try:
        (train, labels), (test, test_labels) = yeast.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert (train.shape, labels.shape) == ((1500, 103), (1500, 14))
    assert (test.shape, test_labels.shape) == ((917, 103), (917, 14))
    both = np.concatenate([labels, test_labels])
    assert set(np.unique(both)) == {0.0, 1.0}
    assert f"{both.sum(1).mean():.2f}" == "4.24"
    assert train.dtype == labels.dtype == np.float32
    assert np.isfinite(train).all()
