"""Words of texts, for models that were trained on words."""

import re

from keras_blog import models

_HAN = re.compile(r"[\u4e00-\u9fff]")


def words_of(texts):
    """Lists of words: cut by Baidu's LAC where a text has Chinese characters, at white space where none has."""
    if not any(_HAN.search(text) for text in texts):
        return [text.split() for text in texts]
    tagger = models.LACTagger.from_package()
    return [[word for word, _ in row if word.strip()] for row in tagger.tag(texts, batch_size=128)]
