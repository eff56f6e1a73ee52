"""Rules out of frequent item sets, with the usual measures of interest."""

import math
from typing import NamedTuple


class Rule(NamedTuple):
    """A transaction that holds all of `antecedent` holds all of `consequent`, with probability `confidence`.

    Attributes:
        antecedent: a `frozenset` of items, `A`.
        consequent: a `frozenset` of other items, `B`.
        support: fraction of the transactions that hold both, `P(AB)`.
        confidence: `P(B|A)`.
        lift: `P(AB) / (P(A) P(B))`, 1 for independent sets.
        leverage: `P(AB) - P(A) P(B)`.
        conviction: `(1 - P(B)) / (1 - P(B|A))`; `inf` for a confidence of 1.
        zhang: association in `[-1, 1]`: leverage over its largest size for these `P(A)`, `P(B)`; 0 if nothing varies.
        jaccard: `P(AB) / P(A or B)`.
        kulczynski: mean of `P(B|A)` and `P(A|B)`.
        certainty: `(P(B|A) - P(B)) / (1 - P(B))`, over `P(B)` instead where it is negative; 0 if all transactions hold `B`.
    """

    antecedent: frozenset
    consequent: frozenset
    support: float
    confidence: float
    lift: float
    leverage: float
    conviction: float
    zhang: float
    jaccard: float
    kulczynski: float
    certainty: float


class Rules(list):
    """A list of `Rule`, the most confident first."""

    def to_frame(self):
        """A pandas data frame, a rule a row.

        Raises:
            ImportError: if pandas is not installed.
        """
        import pandas

        return pandas.DataFrame(self, columns=Rule._fields)


def association_rules(sets, min_confidence=0.5, min_lift=0.0, max_consequent=None):
    """All rules between parts of frequent sets that are right often enough.

    With fewer items on the left the confidence is no higher, so consequents grow only from those that are confident enough.

    Args:
        sets: what `apriori` returned.
        min_confidence: least confidence, in `[0, 1]`; a rule with exactly that is in.
        min_lift: least lift.
        max_consequent: most items on the right; any number by default, 1 as in the article.

    Returns:
        `Rules`: a list of `Rule` by falling confidence, then support, then the order of the sets.

    Raises:
        ValueError: if an argument is out of its range, or `sets` is not what `apriori` returned.

    Example:
    >>> from keras_blog.mining import apriori
    >>> sets = apriori([["tea", "milk"], ["tea", "milk"], ["tea"], ["milk", "bread"]], min_support=0.25)
    >>> for rule in association_rules(sets, min_confidence=0.6):
    ...     print(*rule.antecedent, "=>", *rule.consequent, f"{rule.confidence:.3f} lift {rule.lift:.3f}")
    bread => milk 1.000 lift 1.333
    milk => tea 0.667 lift 0.889
    tea => milk 0.667 lift 0.889

    References:
        Article: kexue.fm 5525
        Paper: Agrawal, Srikant, Fast Algorithms for Mining Association Rules, VLDB 1994, section 3
    """
    if not hasattr(sets, "counts"):
        raise ValueError(f"`sets` must be what `apriori` returned; received {type(sets).__name__}")
    if not 0 <= min_confidence <= 1:
        raise ValueError(f"`min_confidence` must be in [0, 1]; received {min_confidence!r}")
    if min_lift < 0:
        raise ValueError(f"`min_lift` must not be negative; received {min_lift!r}")
    if max_consequent is not None and max_consequent < 1:
        raise ValueError(f"`max_consequent` must be at least 1; received {max_consequent!r}")
    counts, rules = sets.counts, Rules()
    order = {item: i for i, item in enumerate(item for items in counts if len(items) == 1 for item in items)}
    for whole, both in counts.items():
        most = len(whole) - 1 if max_consequent is None else min(max_consequent, len(whole) - 1)
        consequents = [(item,) for item in sorted(whole, key=order.__getitem__)]
        for size in range(1, most + 1):
            confident = []
            for consequent in consequents if size == 1 else _larger(consequents):
                right = frozenset(consequent)
                antecedent = whole - right
                if both >= min_confidence * counts[antecedent] - 1e-9:
                    confident.append(consequent)
                    rule = _measured(antecedent, right, both, counts[antecedent], counts[right], sets.total)
                    if rule.lift >= min_lift - 1e-12:
                        rules.append(rule)
            consequents = confident
    rules.sort(key=lambda rule: (-rule.confidence, -rule.support))
    return rules


def _larger(consequents):
    """Sets of one more item, all of whose subsets of one less are there; ordered tuples in and out."""
    there = set(consequents)
    for i, first in enumerate(consequents):
        for second in consequents[i + 1 :]:
            if first[:-1] != second[:-1]:
                break
            joined = (*first, second[-1])
            if all(joined[:j] + joined[j + 1 :] in there for j in range(len(joined) - 2)):
                yield joined


def _measured(antecedent, consequent, both, left, right, total):
    support, confidence = both / total, both / left
    largest = max(both * (total - left), left * (right - both))  # in units of 1 / total², as below
    above = both * total - left * right
    return Rule(
        antecedent,
        consequent,
        support,
        confidence,
        lift=both * total / (left * right),
        leverage=above / total**2,
        conviction=math.inf if both == left else (1 - right / total) / (1 - confidence),
        zhang=above / largest if largest else 0.0,
        jaccard=both / (left + right - both),
        kulczynski=(confidence + both / right) / 2,
        certainty=0.0 if not above else (above / left) / (total - right if above > 0 else right),
    )
