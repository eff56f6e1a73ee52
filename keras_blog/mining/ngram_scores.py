"""What an n-gram's counts say of it: cohesion inside, freedom outside, and what joining it saves."""

import numpy as np


def entropy_gain(p_a, p_b, p_ab):
    r"""How much joining `a` and `b` into one word lowers the entropy, per word before; positive if it does.

    .. math:: F = p_{ab}\ln\frac{p_{ab}}{p_a p_b} - (1-p_{ab})\ln(1-p_{ab})
              + \sum_{i=a,b}(p_i - p_{ab})\ln(1 - \frac{p_{ab}}{p_i})

    The entropy per character falls by `F` over the mean length of a word. The article's approximation `p_ab (PMI - 1)` is below
    `F`, so a pair with a PMI over 1 always gains.

    Args:
        p_a: probability of the left part, in `(0, 1)`; number or array.
        p_b: of the right part; not the same word.
        p_ab: that a word and the next are `a` and `b`; at most the lower of both.

    Returns:
        Nats, an array of the common shape.

    Raises:
        ValueError: if `p_ab` is not positive or exceeds a part.

    Example:
    >>> print(f"{entropy_gain(0.01, 0.02, 0.005):.13f}")
    0.0133008912492

    References:
        Article: kexue.fm 5476
    """
    p_a, p_b, p_ab = (np.asarray(p, float) for p in (p_a, p_b, p_ab))
    if not ((p_ab > 0) & (p_ab <= p_a) & (p_ab <= p_b) & (p_a < 1) & (p_b < 1)).all():
        raise ValueError("`p_ab` must be positive, and at most `p_a` and `p_b`, which are below 1; received other values")
    gain = p_ab * np.log(p_ab / (p_a * p_b)) - (1 - p_ab) * np.log1p(-p_ab)
    for p in (p_a, p_b):
        rest = np.maximum(p - p_ab, 0)
        gain += rest * np.log(np.where(rest > 0, rest, 1) / np.where(rest > 0, p, 1))
    return gain


def cohesion(counts, length):
    """PMI of the loosest split into two parts, and the exact entropy gain of joining there, for each n-gram of a length.

    Args:
        counts: `NgramCounts`.
        length: from 2 to the longest counted.

    Returns:
        `(pmi, gain)`: in nats; arrays in the order of `counts.tables[length]`.
    """
    total, both = counts.total, counts.tables[length][1]
    pmi = gain = np.full(len(both), np.inf)
    for size in range(1, length):
        left = counts.tables[size][1][counts.prefixes(length, size)]
        right = counts.tables[length - size][1][counts.suffixes(length, length - size)]
        found = np.log(both) + np.log(total) - np.log(left) - np.log(right)
        looser = found < pmi
        joined = np.minimum(both, np.minimum(left, right)) / total  # aaa holds aa twice
        gain = np.where(
            looser, entropy_gain(left / total, right / total, joined) if total > both.max(initial=0) else gain, gain
        )
        pmi = np.where(looser, found, pmi)
    return pmi, gain


def branching(counts, length):
    """Entropies of the symbols before and after each n-gram of a length, in nats.

    The ends of texts, and neighbours that make an n-gram rarer than `min_count`, count as different from each other: exact for
    a `min_count` of up to 2.

    Returns:
        `(left, right)`: pairs `(entropies, rest)`, arrays in the order of `counts.tables[length]`; `rest` is how many of its
        neighbours on that side are left out.
    """
    own, longer = counts.tables[length][1], counts.tables[length + 1][1]
    sides = []
    for place in (counts.suffixes(length + 1, length), counts.prefixes(length + 1, length)):
        p = longer / own[place]
        rest = own - np.bincount(place, longer, len(own))
        rest = np.maximum(rest, 0)
        sides.append((np.bincount(place, -p * np.log(p), len(own)) + rest / own * np.log(own), rest))
    return tuple(sides)


def autonomy(counts, max_len):
    """How freely each n-gram stands: the growth of both branching entropies by its last symbol, normalised by length.

    Inside a word the next symbol gets easier to guess, at its end it does not. The growth is taken in standard deviations from
    the mean of all n-grams of one length, and summed over both sides. All means all: those that `counts` leaves out are taken
    as of one occurrence, so that nothing follows freely.

    Returns:
        A dict from length to an array in the order of `counts.tables[length]`.

    References:
        Paper: Magistry, Sagot, Unsupervized Word Segmentation: the Case for Mandarin Chinese, ACL 2012
    """
    p = counts.tables[1][1] / counts.total
    nothing = -(p * np.log(p)).sum()
    scores, inner, missing = {}, None, [0.0, 0.0]
    for length in range(1, max_len + 1):
        sides = branching(counts, length)
        scores[length] = np.zeros(len(counts.tables[length][1]))
        for side, (entropy, _) in enumerate(sides):
            if length == 1:
                growth, number, total, squares = entropy - nothing, len(entropy), 0.0, 0.0
            else:
                before, rest = inner[side]
                growth = entropy - before[(counts.suffixes if side == 0 else counts.prefixes)(length, length - 1)]
                # a rare n-gram of a frequent one: entropy 0; of a rare one: no growth at all
                total, squares = -(rest * before).sum(), (rest * before**2).sum()
                missing[side] += rest.sum()
                number = len(growth) + missing[side]
            if number:
                mean = (growth.sum() + total) / number
                spread = max(((growth**2).sum() + squares) / number - mean**2, 0.0) ** 0.5
                scores[length] += (growth - mean) / (spread or 1.0)
        inner = sides
    return scores
