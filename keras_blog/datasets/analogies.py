"""Analogies of English words: Athens is to Greece as Oslo to Norway."""

from keras_blog.datasets import gensim_files


def load_data():
    """19,544 analogies in 14 groups, 5 of meaning and 9, whose names begin with `gram`, of form (Mikolov et al., 2013).

    The file is read out of the package gensim 4.4.0 (28 MB, downloaded once; see `archive.fetch`), which is under the LGPL.

    Returns:
        A dict from the name of a group to a list of tuples of four words.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    groups = {}
    for line in gensim_files.read("questions-words.txt").decode("utf-8").splitlines():
        if line.startswith(":"):
            group = groups.setdefault(line[1:].strip(), [])
        else:
            group.append(tuple(line.split()))
    return groups
