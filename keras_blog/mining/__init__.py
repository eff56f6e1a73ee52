"""Words and rules out of raw data: NumPy on the host; nothing here knows Keras."""

from keras_blog.mining.apriori import apriori
from keras_blog.mining.association_rules import Rule, Rules, association_rules
from keras_blog.mining.convert_vectors import convert_vectors
from keras_blog.mining.cooccurrence import Cooccurrence, Pairs, cooccurrence
from keras_blog.mining.distance_bounds import centroid_bound, relaxed_bound, relaxed_rotator_bound, rotator_bound
from keras_blog.mining.item_sets import ItemSets
from keras_blog.mining.nearest_texts import nearest_texts
from keras_blog.mining.ngram_counts import NgramCounts, count_ngrams, lines
from keras_blog.mining.ngram_scores import entropy_gain
from keras_blog.mining.template_parser import Parse, TemplateParser
from keras_blog.mining.templates import SkipPairs, templates
from keras_blog.mining.transactions import read_transactions
from keras_blog.mining.vocabulary import Vocabulary, bits_per_character, vocabulary
from keras_blog.mining.word_distances import rotator_similarity, word_mover_distance, word_rotator_distance
from keras_blog.mining.word_vectors import WordVectors, pmi_vectors

__all__ = [
    "Cooccurrence",
    "ItemSets",
    "NgramCounts",
    "Pairs",
    "Parse",
    "Rule",
    "Rules",
    "SkipPairs",
    "TemplateParser",
    "Vocabulary",
    "WordVectors",
    "apriori",
    "association_rules",
    "bits_per_character",
    "centroid_bound",
    "convert_vectors",
    "cooccurrence",
    "count_ngrams",
    "entropy_gain",
    "lines",
    "nearest_texts",
    "pmi_vectors",
    "read_transactions",
    "relaxed_bound",
    "relaxed_rotator_bound",
    "rotator_bound",
    "rotator_similarity",
    "templates",
    "vocabulary",
    "word_mover_distance",
    "word_rotator_distance",
]
