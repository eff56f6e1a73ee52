"""Texts in groups of one meaning, from your own file: `group<TAB>text`, one a line."""


def load_data(path):
    r"""Texts and groups of a file.

    A line holds the name of a group, a tab, and a text; texts of one group need not stand together. Empty lines are ignored.
    UTF-8, with or without a byte order mark.

    Args:
        path: the file.

    Returns:
        `(texts, groups)`: two lists of strings of equal length.

    Raises:
        ValueError: `FILE:LINE: what is wrong; expected ...; received ...`, if a line has no tab, an empty group or text, or
            is not UTF-8, or if the file holds no text.
        FileNotFoundError: if there is no such file.

    Example:
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "groups.tsv")
    >>> _ = path.write_text("light\t开灯\nlight\t把灯打开\n", encoding="utf-8")
    >>> load_data(path)
    (['开灯', '把灯打开'], ['light', 'light'])
    >>> folder.cleanup()
    """
    texts, groups = [], []
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not line.strip():
                continue
            try:
                group, tab, text = line.decode().strip("\r\n").partition("\t")
            except UnicodeDecodeError:
                raise ValueError(f"{path}:{number}: not UTF-8; expected UTF-8 text; received bytes {line[:40]!r}") from None
            if not (tab and group.strip() and text.strip()):
                found = line.decode().strip("\r\n")[:60]
                raise ValueError(f"{path}:{number}: no group and text; expected GROUP<TAB>TEXT; received {found!r}")
            texts.append(text.strip())
            groups.append(group.strip())
    if not texts:
        raise ValueError(f"{path}: no texts; expected lines of GROUP<TAB>TEXT; received none")
    return texts, groups
