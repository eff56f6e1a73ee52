"""Pairs of English words, and how alike they are to people."""

from keras_blog.datasets import gensim_files

_FILES = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt"}


def load_data(name):
    """Pairs of words with the mean of people's marks, from 0 to 10.

    `"wordsim353"`: 353 pairs, where what is related is alike: computer and keyboard (Finkelstein et al., 2002). `"simlex999"`:
    999 pairs, where only what means the same is: coast and shore, but not clothes and closet (Hill et al., 2015).

    The files are read out of the package gensim 4.4.0 (28 MB, downloaded once; see `archive.fetch`), which is under the LGPL.

    Returns:
        A list of `(word, word, mark)`.

    Raises:
        ValueError: if the name is another one.
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    if name not in _FILES:
        raise ValueError(f"`name` must be one of {sorted(_FILES)}; received {name!r}")
    lines = gensim_files.read(_FILES[name]).decode("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return [(first, second, float(mark)) for first, second, mark in rows]
