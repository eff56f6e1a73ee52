"""Fifty short news texts in English, and how alike people find every two of them."""

from keras_blog.datasets import gensim_files


def load_data():
    """50 texts of about 80 words and their 1,225 pairs, each with the mean of 8 to 12 students' marks, from 0.2 to 1.

    Lee, Pincombe and Welsh, 2005. The files are read out of the package gensim 4.4.0 (28 MB, downloaded once; see
    `archive.fetch`), which is under the LGPL.

    Returns:
        `(texts, pairs)`: a list of strings, and a list of `(place, place, mark)`.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    texts = gensim_files.read("lee.cor").decode("latin-1").splitlines()
    lines = gensim_files.read("similarities0-1.txt").decode("ascii").splitlines()
    marks = [list(map(float, line.split())) for line in lines]
    return texts, [(i, j, marks[i][j]) for i in range(len(texts)) for j in range(i + 1, len(texts))]
