"""Functions of yeast genes: the numeric data set of multi-label learning, from MULAN."""

import gzip

import numpy as np

from keras_blog.datasets import archive

LABELS = 14
"""Number of functional classes; a gene has 4.24 of them on average."""


def load_data():
    """2,417 genes, of each 103 measurements and 14 functional classes.

    The last 917 genes are the test part, as in the published split. The file is read out of the package river 0.26.1 (its
    build for Python 3.11 on Linux, on any machine; see `archive.fetch`), of which nothing is imported. Elisseeff and Weston,
    NIPS 2001; BSD licence.

    Returns:
        `((train_x, train_y), (test_x, test_y))`: float32 `(genes, 103)`, and 0 or 1 in float32 `(genes, 14)`.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    path = archive.fetch(
        "river==0.26.1",
        "river-0.26.1-cp311-cp311-manylinux_2_28_x86_64.whl",
        sha256="6a11e1a9749beec3ea138efeb0205b2c5cea8d424e9deee306c8980faec01bef",
    )
    lines = gzip.decompress(archive.read_member(path, "river/datasets/yeast.csv.gz")).decode("ascii").splitlines()[1:]
    rows = np.array([line.split(",") for line in lines])
    x, y = rows[:, :-LABELS].astype("float32"), rows[:, -LABELS:].astype("float32")
    return (x[:1500], y[:1500]), (x[1500:], y[1500:])
