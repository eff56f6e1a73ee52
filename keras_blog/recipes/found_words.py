"""Words of texts without a dictionary."""

import re
from itertools import islice
from pathlib import Path

from keras_blog import mining
from keras_blog.mining.ngram_counts import is_letter
from keras_blog.recipes.progress import progress_bar

_HAN = re.compile(r"[\u3400-\u9fff]")


def is_chinese(texts):
    """Whether one of the first thousand texts has a Chinese character; `texts` are strings, or the path of a file."""
    return any(_HAN.search(text) for text in islice(mining.lines(texts), 1000))


def word_cutter(texts, min_count=5, numbers=False):
    """A function from a text to its words, without punctuation.

    Words of Chinese are found in the texts themselves (see `mining.vocabulary`); others are runs of letters, in lower case, and
    of digits if `numbers` says so.
    """
    if not is_chinese(texts):
        word = re.compile(r"\w+" if numbers else r"[^\W\d_]+")
        return lambda text: word.findall(text.lower())
    size = Path(texts).stat().st_size // 3 if isinstance(texts, str) else sum(map(len, texts))
    with progress_bar(2 * size, "Finding words") as advance:
        words = mining.vocabulary(texts, min_count=min_count, progress=advance).refined(texts, min_count, progress=advance)
    return lambda text: [word for word, _, _ in words.pieces(text) if is_letter(word[0])]


def cut_texts(texts, cut, label):
    """The words of each text, one text after another, with a progress bar; `texts` are strings, or the path of a file."""
    size = Path(texts).stat().st_size if isinstance(texts, str) else sum(len(text.encode()) + 1 for text in texts)
    with progress_bar(size, label) as advance:
        for text in mining.lines(texts):
            yield cut(text)
            advance(len(text.encode()) + 1)
