"""The lines of a text file of the user's own."""


def numbered_lines(path):
    """`(number, line)` of the lines that are not empty, from 1 and without their ends.

    UTF-8, with or without a byte order mark.

    Raises:
        ValueError: `FILE:LINE: not UTF-8; expected UTF-8 text; received ...`.
        FileNotFoundError: if there is no such file.
    """
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                raise ValueError(f"{path}:{number}: not UTF-8; expected UTF-8 text; received bytes {line[:40]!r}") from None
            if text.strip():
                yield number, text
