"""Words and rules out of raw data: NumPy on the host; nothing here knows Keras."""

from keras_blog.mining.apriori import apriori
from keras_blog.mining.association_rules import Rule, Rules, association_rules
from keras_blog.mining.item_sets import ItemSets
from keras_blog.mining.transactions import read_transactions

__all__ = ["ItemSets", "Rule", "Rules", "apriori", "association_rules", "read_transactions"]
