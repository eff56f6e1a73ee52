"""Chinese words: the tagger of `ner` on tags B, M, E, S; beside the same encoder with a softmax, and a greedy dictionary.

Task: word-level figures. Data: `datasets.people_daily` (January 1998; the last tenth, 103,881 words, is the test set), or your
CoNLL-style file. Command: `keras-blog train word-segmentation`, TensorFlow, seed 1.

                          precision  recall  F1
    CRF                      .9603   .9580   .9592
    softmax                  .9592   .9543   .9567
    greedy longest match     .8705   .9267   .8978

25 minutes for both on two cores that much other work shared, 15 minutes of CPU time.
"""

from collections import Counter

from keras_blog.datasets import people_daily
from keras_blog.ops.tag_scheme import spans
from keras_blog.recipes import tagging

EXAMPLES = ("研究生命的起源", "中国的改革开放和现代化建设继续向前迈进。", "他从马上摔了下来，你马上过去看看。")


def add_arguments(parser):
    """The arguments of the recipe."""
    tagging.add_arguments(parser, epochs=4, dropout=0.3)


def run(options):
    """Train both, print the test figures, write the run folder."""
    examples = EXAMPLES if options.train is None else ()
    tagging.run(options, "word-segmentation", people_daily.load_data, examples, {"greedy": greedy})


def greedy(train, test, scheme, min_count=2):
    """Longest match from left to right in the words that occur at least `min_count` times in the training data."""
    counts = Counter(tuple(text[start:end]) for text, tags in zip(*train, strict=True) for start, end, _ in spans(tags, scheme))
    words = {word for word, count in counts.items() if count >= min_count}
    longest = max(map(len, words), default=1)
    hits = predicted = actual = 0
    for text, tags in zip(*test, strict=True):
        found, start = set(), 0
        while start < len(text):
            lengths = range(min(longest, len(text) - start), 1, -1)
            end = start + next((n for n in lengths if tuple(text[start : start + n]) in words), 1)
            found.add((start, end))
            start = end
        right = {(start, end) for start, end, _ in spans(tags, scheme)}
        hits, predicted, actual = hits + len(found & right), predicted + len(found), actual + len(right)
    f1 = 2 * hits / max(predicted + actual, 1)
    overall = {"precision": hits / max(predicted, 1), "recall": hits / max(actual, 1), "f1": f1, "spans": actual}
    return {"overall": overall}
