"""Sentence templates out of texts: words that call for each other across gaps."""

import math
from collections import Counter


class SkipPairs:
    """How often two words stand in this order, at most `window` words apart. Counts grow with every update and never shrink.

    Args:
        window: farthest distance; 1 counts neighbours.

    Attributes:
        words: a `Counter` of words.
        pairs: a `Counter` of `(first, second)`.

    Raises:
        ValueError: if `window` is not an int of at least 1, or a sentence is a string.

    Example:
    >>> pairs = SkipPairs(window=2).update([["if", "it", "rains", "then", "stay"]])
    >>> pairs.update([["if", "so", "then", "go"]]).pairs["if", "then"], pairs.words["if"]
    (1, 2)

    References:
        Article: kexue.fm 5577
    """

    def __init__(self, window=5):
        _check("window", window)
        self.window, self.words, self.pairs = window, Counter(), Counter()

    def update(self, sentences):
        """Add the counts of more sentences, lists of words, and return the object."""
        for sentence in sentences:
            words = _words(sentence)
            self.words.update(words)
            for distance in range(1, self.window + 1):
                self.pairs.update(zip(words, words[distance:], strict=False))
        return self

    def strong(self, min_count=2, min_pmi=1.0):
        """The pairs that occur `min_count` times and whose pointwise mutual information, in nats, is at least `min_pmi`.

        Returns:
            A new dict from pair to information. The counts stay as they are.
        """
        total, tokens = sum(self.pairs.values()), sum(self.words.values())
        found = {}
        for pair, count in self.pairs.items():
            if count >= min_count:
                pmi = math.log(count / total) - sum(math.log(self.words[word] / tokens) for word in pair)
                if pmi >= min_pmi:
                    found[pair] = pmi
        return found


def templates(sentences, window=5, min_count=2, min_pmi=1.0, max_paths=16, pairs=None):
    """Find the templates of sentences: sequences of words and gaps that return.

    In a sentence two words at most `window` apart are linked if their pair is strong. The links form an acyclic graph. Each of
    its paths from a word that no link reaches to one that none leaves is a template; what it skips is a gap. There may be
    exponentially many, so a sentence gives at most `max_paths`, those with the highest sums of information.

    Args:
        sentences: an iterable of lists of words. An iterator is kept in memory, for it is read twice.
        window: farthest distance of linked words. With 1 there are no gaps inside: phrases.
        min_count: least count of a pair of words, and least number of sentences of a template.
        min_pmi: least pointwise mutual information of a pair, in nats.
        max_paths: most templates of a sentence.
        pairs: `SkipPairs` counted before, perhaps from more text; then `sentences` are read once, and `window` is theirs.

    Returns:
        A dict from template, a tuple of words with `None` for a gap, to the number of its sentences, most frequent first.

    Raises:
        ValueError: if a number is not an int of at least 1, or a sentence is a string.

    Example:
    >>> fruits, colours = ["apples", "pears", "plums", "figs"], ["red", "green", "blue", "black"]
    >>> sentences = [["why", "are", fruit, "so", colour] for fruit in fruits for colour in colours]
    >>> templates(sentences, min_count=5, min_pmi=0.5, max_paths=1)
    {('why', 'are', None, 'so', None): 16}

    References:
        Article: kexue.fm 5577
    """
    for name, value in (("min_count", min_count), ("max_paths", max_paths)):
        _check(name, value)
    if pairs is None:
        sentences = [_words(sentence) for sentence in sentences]
        pairs = SkipPairs(window).update(sentences)
    links, counts = pairs.strong(min_count, min_pmi), Counter()
    for sentence in sentences:
        words = _words(sentence)
        counts.update({_template(words, path) for path in _paths(words, links, pairs.window, max_paths)})
    found = [(template, count) for template, count in counts.items() if count >= min_count]
    return dict(sorted(found, key=lambda row: (-row[1], [str(word or "") for word in row[0]])))


def _paths(words, links, window, most):
    """Places of the words on the best whole paths. A place keeps the `most` best ways to it, which is exact."""
    ways, ends = [], set()
    for place, word in enumerate(words):
        here = []
        for before in range(max(0, place - window), place):
            pmi = links.get((words[before], word))
            if pmi is not None:
                ends.discard(before)
                here += [(score - pmi, (*path, place)) for score, path in ways[before]]
        if here:
            ends.add(place)
        ways.append(sorted(here)[:most] or [(0.0, (place,))])
    return [path for _, path in sorted(way for end in ends for way in ways[end])[:most]]


def _template(words, path):
    template, last = [], -1
    for place in path:
        template += [words[place]] if place == last + 1 else [None, words[place]]
        last = place
    return tuple(template if last == len(words) - 1 else [*template, None])


def _words(sentence):
    if isinstance(sentence, str):
        raise ValueError(f"`sentences` must hold lists of words; received the string {sentence[:20]!r}")
    return list(sentence)


def _check(name, value):
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"`{name}` must be an int of at least 1; received {value!r}")
