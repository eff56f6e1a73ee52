import numpy as np
import pytest

from keras_blog.datasets import digits

LABELS = [0, 7, 9, 9, 1, 5, 2, 4]
PIXELS = 131267102


def test_the_digits():
    try:
        (images, labels), (test_images, test_labels) = digits.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert images.shape == (4000, 28, 28)
    assert test_images.shape == (1000, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(np.concatenate([labels, test_labels])).tolist() == [500] * 10
    assert labels[:8].tolist() == LABELS
    assert int(images.sum(dtype="int64") + test_images.sum(dtype="int64")) == PIXELS
    with pytest.raises(ValueError, match="`test` must be an int from 0 to 5,000; received 6000"):
        digits.load_data(6000)
