"""Corpora as plain Python lists, one module a corpus, and a reader for your own files; nothing here imports Keras."""

from keras_blog.datasets import (
    archive,
    cmudict,
    conll,
    debian,
    debtags,
    geonames,
    home_assistant,
    inews,
    labelled_texts,
    msra_ner,
    people_daily,
    reuters,
    shopping_reviews,
    text_groups,
    text_pairs,
    yeast,
)

__all__ = [
    "archive",
    "cmudict",
    "conll",
    "debian",
    "debtags",
    "geonames",
    "home_assistant",
    "inews",
    "labelled_texts",
    "msra_ner",
    "people_daily",
    "reuters",
    "shopping_reviews",
    "text_groups",
    "text_pairs",
    "yeast",
]
