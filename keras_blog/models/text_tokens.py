"""Words of a text and where they stand in it, exactly, however Unicode writes them."""

import re
import unicodedata
from typing import NamedTuple

_ASCII = re.compile(r"[0-9A-Za-z]+|[^\s0-9A-Za-z]")
_JOINER = "\u200d"  # as between the persons of a family emoji
# Scripts that put no spaces between words: each of their characters is a token.
_SINGLE = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)  # fmt: skip


class Token(NamedTuple):
    """A word, or a character that is none: its folded form, and its place in the text."""

    key: str
    start: int
    end: int


def tokens(text):
    """The tokens of a text: words, single characters of scripts without spaces, and signs.

    Offsets are into the text as it is. Only the keys are folded, one visible character at a time: they are equal where texts
    differ in case, in width, or in how Unicode composes an accent. So nothing shifts where folding changes a length, as of
    "ß" to "ss"; and nobody ends between a letter and its accent, or inside an emoji.

    Args:
        text: a string.

    Returns:
        A list of `Token` objects `(key, start, end)`, `end` exclusive. White space is no token.

    Example:
    >>> [tuple(token) for token in tokens("Weiß, 江")]
    [('weiss', 0, 4), (',', 4, 5), ('江', 6, 7)]
    """
    if not isinstance(text, str):
        raise ValueError(f"`text` must be a string; received {type(text).__name__}")
    if text.isascii():  # where all of the rest comes to this
        return [Token(match[0].lower(), *match.span()) for match in _ASCII.finditer(text)]
    found, in_word = [], False
    for start, end in _clusters(text):
        first = text[start]
        if first.isspace():
            in_word = False
            continue
        is_word = first.isalnum() and not any(low <= ord(first) <= high for low, high in _SINGLE)
        key = folded(text[start:end])
        if is_word and in_word:
            key, start = found[-1].key + key, found.pop().start
        found.append(Token(key, start, end))
        in_word = is_word
    return found


def folded(text):
    """A text without differences of case, width and composition; two are the same name if their forms are equal.

    Example:
    >>> folded("Ｃａｆé") == folded("CAFE\u0301")
    True
    """
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def token_span(text, found, span):
    """A span of characters of a text as one of the tokens that were found in it: `(first, last + 1)`, those that it touches.

    Raises:
        ValueError: if it touches none, or is no span of the text.
    """
    start, end = span
    inside = [i for i, token in enumerate(found) if token.start < end and token.end > start]
    if not inside or not 0 <= start < end <= len(text):
        raise ValueError(f"`spans` must be (start, end) of a word or more in a text of {len(text)}; received {span}")
    return inside[0], inside[-1] + 1


def _clusters(text):
    """`(start, end)` of what is seen as one character: a letter with its marks, an emoji of several parts, a flag."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not _goes_on(text, start, at):
            yield start, at
            start = at


def _goes_on(text, start, at):
    character, previous = text[at], text[at - 1]
    if previous == _JOINER or character == _JOINER or unicodedata.category(character) in ("Mn", "Mc", "Me"):
        return not previous.isspace()
    code = ord(character)
    if 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:  # skin tones, tags of regional flags
        return not previous.isspace()
    if 0x1160 <= code <= 0x11FF:  # vowels and finals of a Hangul syllable in parts
        return 0x1100 <= ord(previous) <= 0x11FF
    if 0x1F1E6 <= code <= 0x1F1FF:  # two letters are a flag
        return at - start == 1 and 0x1F1E6 <= ord(previous) <= 0x1F1FF
    return False
