import numpy as np
import pytest

from keras_blog.datasets import labelled_images


def test_what_is_read(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, images=[[[0.0, 255.0]], [[3.0, 4.0]]], labels=[7, 8])
    images, labels = labelled_images.load_data(path)
    assert images.dtype == "uint8"
    np.testing.assert_array_equal(images, [[[0, 255]], [[3, 4]]])
    np.testing.assert_array_equal(labels, [7, 8])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"labels": [1]}, "`images` must be numbers of shape (n, height, width); received none"),
        ({"images": np.zeros((2, 4))}, "received (2, 4) of float64"),
        ({"images": np.full((1, 2, 2), "x")}, "`images` must be numbers"),
        ({"images": np.full((1, 2, 2), 256)}, "`images` must be from 0 to 255; received 256 to 256"),
        ({"images": np.full((1, 2, 2), np.nan)}, "`images` must be from 0 to 255"),
        ({"images": np.zeros((2, 2, 2)), "labels": [1]}, "`labels` must be 2 whole numbers; received (1,) of int64"),
        ({"images": np.array([None])}, "expected an .npz file of numbers"),
    ],
)
def test_bad_files(tmp_path, content, message):
    path = tmp_path / "images.npz"
    np.savez(path, **content)
    with pytest.raises(ValueError) as error:  # noqa: PT011  the text is compared below
        labelled_images.load_data(path)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))


def test_a_text_is_no_npz(tmp_path):
    path = tmp_path / "images.npz"
    path.write_text("label\ttext\n")
    with pytest.raises(ValueError, match="file of numbers"):
        labelled_images.load_data(path)
