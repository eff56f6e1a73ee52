"""Corpora as plain Python lists, one module a corpus, and a reader for your own files; nothing here imports Keras."""

from keras_blog.datasets import archive, conll, msra_ner, people_daily

__all__ = ["archive", "conll", "msra_ner", "people_daily"]
