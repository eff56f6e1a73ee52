"""Words of texts, for models that were trained on words."""

import re

from keras_blog import models

_PIECE = re.compile(r"\w+|[^\w\s]")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def words_of(texts):
    """Lists of words: cut by Baidu's LAC where a text has Chinese characters, at white space where none has."""
    if not any(map(has_han, texts)):
        return [text.split() for text in texts]
    tagger = models.LACTagger.from_package()
    return [[word for word, _ in row if word.strip()] for row in tagger.tag(texts, batch_size=128)]


def pieces_of(text):
    """Words and marks of a text without Chinese characters, in lower case: of "Plays chess!" `["plays", "chess", "!"]`."""
    return _PIECE.findall(text.lower())


def has_han(text):
    """Whether a text has Chinese characters."""
    return _HAN.search(text) is not None
