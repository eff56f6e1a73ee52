"""Chinese words: the tagger of `ner` on tags B, M, E, S; beside the same encoder with a softmax.

Task: word-level F1. Data: `datasets.people_daily` (January 1998, the last tenth held out), or your CoNLL-style file.
"""

from keras_blog.datasets import people_daily
from keras_blog.recipes import tagging

EXAMPLES = ("研究生命的起源", "中国的改革开放和现代化建设继续向前迈进。", "他从马上摔了下来，你马上过去看看。")


def add_arguments(parser):
    """The arguments of the recipe."""
    tagging.add_arguments(parser, epochs=6)


def run(options):
    """Train both, print the test figures, write the run folder."""
    examples = EXAMPLES if options.train is None else ()
    tagging.run(options, "word-segmentation", people_daily.load_data, examples)
