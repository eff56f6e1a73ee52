"""Numbers as people write them in tables and questions."""

import math
import re

_CURRENCY = "$€£¥￥"
_SIGNS = str.maketrans({"−": "-", "–": "-", "﹣": "-", "－": "-", "，": ",", "．": ".", "％": "%"})
_NUMBER = re.compile(r"([-+]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d+)?")
_UNITS = {"%": 1, "k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "billion": 10**9}
_UNITS |= {"十": 10, "百": 100, "千": 10**3, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "年": 1, "元": 1}
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_WORDS = {word: i for i, word in enumerate(_WORDS)} | {word: i for i, word in enumerate("零一二三四五六七八九十")} | {"两": 2}


def number(text):
    """The number that a text is, or `None`: signs, thousands, currencies, per cent, and units in English and Chinese.

    A cell and a question go through the same rule, so "50%" is 50 in both.

    Args:
        text: a string.

    Returns:
        An int where it is whole and below `2**63`, else a finite float, or `None`.

    Example:
    >>> from keras_blog.sql import number
    >>> [number(text) for text in ["1,234", "−3.5", "$2 million", "12%", "3万", "two", "4-4-2", ""]]
    [1234, -3.5, 2000000, 12, 30000, 2, None, None]

    References:
        Article: kexue.fm 6771
    """
    text = text.translate(_SIGNS).strip().casefold()
    if text in _WORDS:
        return _WORDS[text]
    negative = text.startswith("-") and text[1:2] in _CURRENCY  # -$5
    text = text[negative:].lstrip(_CURRENCY).strip()
    found = _NUMBER.match(text)
    sign, whole, fraction = found.groups()
    if whole is None and fraction is None:
        first = text[:1]
        if len(text) < 2 or first not in _WORDS or not first:
            return None
        value, rest = _WORDS[first], text[1:]
    else:
        digits = (whole or "0").replace(",", "")
        if not digits.isascii() or len(digits) > 300:
            return None
        value, rest = (float(digits + fraction) if fraction else int(digits)), text[found.end() :].strip()
    if rest and rest not in _UNITS:
        return None
    value *= _UNITS.get(rest, 1)
    value = round(value, 9) if isinstance(value, float) else value  # 1.1 million is whole
    if (sign == "-") != negative:
        value = -value
    if not math.isfinite(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, float) or abs(value) < 2**63 else float(value)
