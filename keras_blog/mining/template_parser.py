"""How a sentence is made of templates inside templates: the best cover, by a chart."""

import itertools
import math
from typing import NamedTuple

_STEP = 2.0**36  # scores are multiples of 1 / _STEP, so that sums are exact in any order and ties are ties


class Parse(NamedTuple):
    """A phrase and how it is made.

    Attributes:
        words: the words of the phrase.
        start: place of its first word in the sentence.
        template: a tuple with `None` for the gaps; `()` for a word, or for phrases side by side that no template joins.
        parts: a `Parse` for each gap, or for each of the phrases side by side.
        score: sum of log probabilities of the templates, in nats, and of `null_score` for each bare join.
    """

    words: list
    start: int
    template: tuple
    parts: list
    score: float

    def __str__(self):
        if not self.template:
            return "|".join(map(str, self.parts)) or str(self.words[0])
        parts = iter(self.parts)
        return "".join(f"({next(parts)})" if word is None else str(word) for word in self.template)


class TemplateParser:
    """Covers a sentence by templates, those in the gaps of others included, so that the sum of log probabilities is highest.

    A phrase is a word, which costs nothing, or a template whose gaps are phrases, or phrases side by side. The chart has the
    best way to make each span of words, so time grows with the cube of the length, not with the number of ways.

    Of ways with equal scores it takes the template with more words, and then the one whose first gap that differs starts
    earlier or, if both start together, is longer. So chains nest on the left: ((a)and(b))and(c).

    Args:
        templates: a dict from template, a tuple of words with `None` for a gap, to its weight, as `templates` finds them.
        null_score: what it costs, in nats, to put two phrases side by side without a template.

    Raises:
        ValueError: if there is no template, one has no word or two gaps in a row, a weight is not positive, or `null_score` is
            not negative.

    Example:
    >>> parser = TemplateParser({(None, "and", None): 3, ("why", "are", None, "so", None): 1})
    >>> found = parser.parse("why are apples and pears so red".split())
    >>> print(found, round(found.score, 4))  # log 1/4 and log 3/4
    whyare((apples)and(pears))so(red) -1.674

    References:
        Articles: kexue.fm 5577, 5597
    """

    def __init__(self, templates, null_score=-20.0):
        if not templates:
            raise ValueError("`templates` must hold at least one template; received none")
        if not -math.inf < null_score < 0:
            raise ValueError(f"`null_score` must be negative and finite; received {null_score!r}")
        for template, weight in templates.items():
            twice = any(a is None and b is None for a, b in itertools.pairwise(template))
            if isinstance(template, str) or twice or all(word is None for word in template):
                raise ValueError(f"`templates` must be tuples with a word and no two gaps in a row; received {template!r}")
            if not 0 < weight < math.inf:
                raise ValueError(f"`templates` must have positive weights; received {weight!r} for {template!r}")
        total = sum(templates.values())
        self.null_score = round(null_score * _STEP) / _STEP
        self._children, self._final, self._literals = [{}], [None], [0]  # a tree of prefixes, the root first
        for template, weight in templates.items():
            node = 0
            for word in template:
                if word not in self._children[node]:
                    self._children[node][word] = len(self._children)
                    self._children.append({})
                    self._final.append(None)
                    self._literals.append(self._literals[node] + (word is not None))
                node = self._children[node][word]
            self._final[node] = (tuple(template), round(math.log(weight / total) * _STEP) / _STEP)

    def parse(self, words):
        """The best `Parse` of a sentence, a list of words.

        Raises:
            ValueError: if there is no word, or the sentence is a string.
        """
        if isinstance(words, str) or not len(words):
            raise ValueError(f"`words` must be a list of at least one word; received {words!r}")
        words = list(words)
        chart = {}  # span -> (score, words of the template, gaps, template)
        alone = {}  # the same, by one template or word
        for start in reversed(range(len(words))):
            self._fill(words, start, chart, alone)
        return _tree(words, 0, len(words), chart)

    def _fill(self, words, start, chart, alone):
        """All spans from `start`; those that start later are there.

        A state is a node of the tree with its score and gaps, `(-start, end)` each: greater means better.
        """
        states = [{} for _ in range(len(words) + 1)]
        states[start][0] = (0.0, ())

        def reach(end, node, state):
            if node is not None:
                states[end][node] = max(states[end].get(node, state), state)

        for place in range(start, len(words) + 1):
            if place > start:
                self._close(start, place, states[place], chart, alone)
                reach(place, self._children[0].get(None), (chart[start, place][0], ((-start, place),)))
            for node, (score, gaps) in list(states[place].items()) if place < len(words) else ():
                reach(place + 1, self._children[node].get(words[place]), (score, gaps))
                gap = self._children[node].get(None)
                for end in range(place + 1, len(words) + 1) if gap and place > start else ():
                    reach(end, gap, (score + chart[place, end][0], (*gaps, (-place, end))))

    def _close(self, start, end, states, chart, alone):
        ways = [(0.0, 0, (), ())] if end == start + 1 else []
        for node, (score, gaps) in states.items():
            if self._final[node]:
                template, own = self._final[node]
                ways.append((score + own, self._literals[node], gaps, template))
        if ways:
            alone[start, end] = max(ways, key=lambda way: way[:3])
            ways = [alone[start, end]]
        for middle in range(start + 1, end):
            if (middle, end) in alone:
                score = chart[start, middle][0] + alone[middle, end][0] + self.null_score
                ways.append((score, 0, ((-start, middle),), ()))
        chart[start, end] = max(ways, key=lambda way: way[:3])


def _tree(words, start, end, chart):
    score, _, gaps, template = chart[start, end]
    parts, stop = [_tree(words, -first, last, chart) for first, last in gaps if template], end
    while not template and chart[start, stop][2]:  # bare joins, from the last; what stands before one is a span from the start
        middle = chart[start, stop][2][0][1]
        parts.insert(0, _tree(words, middle, stop, chart))
        stop = middle
        if chart[start, stop][3] or not chart[start, stop][2]:
            parts.insert(0, _tree(words, start, stop, chart))
            break
    return Parse(words[start:end], start, template, parts, score)
