"""Distances between texts as what it costs to carry the words of one to the words of the other."""

import numpy as np

from keras_blog.mining.transport import directions, euclidean, masses, pair, transport


def word_mover_distance(x, y, x_weights=None, y_weights=None, plan=False):
    r"""Word mover's distance: the least mean distance that the words of one text travel to become those of the other.

    .. math:: \min_{\gamma \ge 0} \sum_{ij} \gamma_{ij} \|x_i - y_j\|, \quad
              \sum_j \gamma_{ij} = p_i, \quad \sum_i \gamma_{ij} = q_j

    Args:
        x: word vectors of one text, shape `(words, dim)`.
        y: of the other, `(other_words, dim)`.
        x_weights: mass of each word, `p` up to a factor, not negative; equal by default.
        y_weights: `q`, likewise.
        plan: whether to return the plan as well.

    Returns:
        A float in the unit of the vectors; with `plan` also `γ`, an array `(words, other_words)`: how much of which word goes
        where. Two texts without mass are at distance 0; one without from one with: `inf`, and a plan of zeros.

    Raises:
        ValueError: if a shape is wrong, a vector is not finite, or weights are negative.
        ImportError: if POT is not installed: `pip install 'keras-blog[text]'`.

    Example:
    >>> x, y = [[1, 0], [0, 2]], [[1, 1], [3, 0], [0, -1]]
    >>> print(f"{word_mover_distance(x, y):.10f}")
    1.8737734479

    References:
        Article: kexue.fm 7388
        Paper: Kusner et al., From Word Embeddings to Document Distances, ICML 2015
    """
    x, y = pair(x, y)
    p, q = masses("x_weights", x_weights, len(x)), masses("y_weights", y_weights, len(y))
    return transport(p, q, euclidean(x, y), plan)


def word_rotator_distance(x, y, plan=False):
    r"""Word rotator's distance: mover's distance with `1 - cos` as cost and the norms of the vectors as masses.

    Norms grow with the importance of a word, so they weigh it; direction says what it means. Zero vectors have no mass.

    Args:
        x: word vectors of one text, shape `(words, dim)`.
        y: of the other, `(other_words, dim)`.
        plan: whether to return the plan as well.

    Returns:
        A float in `[0, 2]`; with `plan` also the plan, as `word_mover_distance`. Two texts without mass are at distance 0; one
        without from one with at 1, as a cosine of 0.

    Raises:
        ValueError: if a shape is wrong or a vector is not finite.
        ImportError: if POT is not installed: `pip install 'keras-blog[text]'`.

    Example:
    >>> print(f"{word_rotator_distance([[1, 0], [0, 2]], [[1, 1], [3, 0], [0, -1]]):.10f}")
    0.6666666667

    References:
        Article: kexue.fm 7388
        Paper: Yokoi et al., Word Rotator's Distance, arXiv:2004.15003
    """
    (x, p), (y, q) = map(directions, pair(x, y))
    found = transport(p, q, np.clip(1 - x @ y.T, 0, 2), plan)
    if p.any() == q.any():
        return found
    return (1.0, found[1]) if plan else 1.0


def rotator_similarity(x, y):
    """1 minus `word_rotator_distance`: from -1 to 1.

    Example:
    >>> rotator_similarity([[1.0, 0.0]], [[3.0, 0.0]])
    1.0

    References:
        Article: kexue.fm 7388
    """
    return 1.0 - word_rotator_distance(x, y)
