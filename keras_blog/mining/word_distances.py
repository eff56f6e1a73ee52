"""Distances between texts as what it costs to carry the words of one to the words of the other."""

import numpy as np


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
    x, y = _pair(x, y)
    p, q = _masses("x_weights", x_weights, len(x)), _masses("y_weights", y_weights, len(y))
    return _transport(p, q, _euclidean(x, y), plan)


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
    (x, p), (y, q) = map(_directions, _pair(x, y))
    found = _transport(p, q, np.clip(1 - x @ y.T, 0, 2), plan)
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


def centroid_bound(x, y, x_weights=None, y_weights=None):
    """A distance that `word_mover_distance` is never below: that of the mean vectors.

    References:
        Article: kexue.fm 7388
    """
    x, y = _pair(x, y)
    p, q = _masses("x_weights", x_weights, len(x)), _masses("y_weights", y_weights, len(y))
    return float(np.linalg.norm(p @ x - q @ y)) if p.any() and q.any() else 0.0


def relaxed_bound(x, y, x_weights=None, y_weights=None):
    """A closer one: every word goes to its nearest, whatever arrives there; the larger of both directions.

    References:
        Article: kexue.fm 7388
        Paper: Kusner et al., From Word Embeddings to Document Distances, ICML 2015
    """
    x, y = _pair(x, y)
    p, q = _masses("x_weights", x_weights, len(x)), _masses("y_weights", y_weights, len(y))
    if not (p.any() and q.any()):
        return 0.0
    cost = _euclidean(x[p > 0], y[q > 0])
    return float(max(p[p > 0] @ cost.min(1), q[q > 0] @ cost.min(0)))


def rotator_bound(x, y):
    """A distance that `word_rotator_distance` is never below: half the squared distance of the sums over the masses.

    References:
        Article: kexue.fm 7388
    """
    (x, p), (y, q) = map(_directions, _pair(x, y))
    return float(((p @ x - q @ y) ** 2).sum() / 2)


def nearest_texts(query, texts, k=10):
    """The `k` texts at the least word mover's distance, exactly, without computing most of the distances.

    One product of matrices gives the relaxed and the centroid bound of all texts. They are taken in the order of the bounds,
    and once a bound exceeds the `k`-th distance so far, all that follow are passed over.

    Args:
        query: word vectors `(words, dim)`.
        texts: a list of such arrays. Texts without words are never found.
        k: how many.

    Returns:
        `(indices, distances)`: arrays of at most `k`, nearest first, ties by index.

    Raises:
        ValueError: if a shape is wrong, or `k` is not positive.

    References:
        Article: kexue.fm 7388
        Paper: Kusner et al., From Word Embeddings to Document Distances, ICML 2015, section 4
    """
    if k < 1:
        raise ValueError(f"`k` must be at least 1; received {k!r}")
    query = _vectors("query", query)
    texts = [_pair(query, text, "texts")[1] for text in texts]
    there = np.array([i for i, text in enumerate(texts) if len(text)], np.int64)
    if not len(there) or not len(query):
        return np.zeros(0, np.int64), np.zeros(0)
    bounds = np.concatenate([_bounds(query, block) for block in _blocks([texts[i] for i in there], len(query))])
    best, p = [], np.full(len(query), 1 / len(query))
    for place in np.argsort(bounds, kind="stable"):
        if len(best) == k and bounds[place] > best[-1][0] * (1 + 1e-9) + 1e-9:  # of rounding: the index alone decides ties
            break
        text = texts[there[place]]
        distance = _transport(p, np.full(len(text), 1 / len(text)), _euclidean(query, text), False)
        best = sorted([*best, (distance, int(there[place]))])[:k]
    return np.array([i for _, i in best]), np.array([distance for distance, _ in best])


def _blocks(texts, words):
    """Lists of texts whose distances to `words` words fill at most 16 MB."""
    block, size = [], 0
    for text in texts:
        if block and (size + len(text)) * words > 1 << 21:
            yield block
            block, size = [], 0
        block.append(text)
        size += len(text)
    yield block


def _bounds(query, texts):
    """For each text the larger of the relaxed bound, in both directions, and the centroid bound."""
    sizes = np.array(list(map(len, texts)))
    starts, words = np.cumsum(sizes) - sizes, np.concatenate(texts)
    cost = _euclidean(query, words)
    out = np.minimum.reduceat(cost, starts, axis=1).mean(0)
    back = np.add.reduceat(cost.min(0), starts) / sizes
    centroid = np.linalg.norm(np.add.reduceat(words, starts) / sizes[:, None] - query.mean(0), axis=1)
    return np.maximum(np.maximum(out, back), centroid)


def _transport(p, q, cost, plan):
    if not (p.any() and q.any()):
        value = 0.0 if p.any() == q.any() else np.inf
        return (value, np.zeros(cost.shape)) if plan else value
    try:
        import ot
    except ImportError:
        raise ImportError("the exact distances need POT: pip install 'keras-blog[text]'") from None
    if p.all() and q.all():
        flow = ot.emd(p, q, cost, numItermax=1_000_000, center_dual=False, check_marginals=False)
    else:
        kept = np.ix_(p > 0, q > 0)
        _, inner = _transport(p[p > 0], q[q > 0], np.ascontiguousarray(cost[kept]), True)
        flow = np.zeros(cost.shape)
        flow[kept] = inner
    value = float(np.vdot(flow, cost))
    return (value, flow) if plan else value


def _vectors(name, values):
    array = np.asarray(values, np.float64)
    if array.size == 0 and array.ndim == 1:
        array = array.reshape(0, 1)  # a text without words
    if array.ndim != 2 or not np.isfinite(array).all():
        raise ValueError(f"`{name}` must be finite word vectors (words, dim); received shape {array.shape}")
    return array


def _pair(x, y, name="y"):
    x, y = _vectors("x", x), _vectors(name, y)
    if len(x) and len(y) and x.shape[1] != y.shape[1]:
        raise ValueError(f"`{name}` must have vectors of {x.shape[1]} dimensions, as `x`; received {y.shape[1]}")
    dim = (x if len(x) else y).shape[1]
    return (x if len(x) else np.zeros((0, dim))), (y if len(y) else np.zeros((0, dim)))


def _masses(name, weights, words):
    weights = np.ones(words) if weights is None else np.asarray(weights, np.float64)
    if weights.shape != (words,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"`{name}` must be {words} finite weights, none negative; received shape {weights.shape}")
    return weights / weights.sum() if weights.any() else weights


def _euclidean(x, y):
    """Distances from one product; again from the differences where that loses its digits: exactly 0 for equal words."""
    sizes = np.einsum("id,id->i", x, x)[:, None] + np.einsum("jd,jd->j", y, y)
    squares = sizes - 2 * (x @ y.T)
    rows, columns = np.nonzero(squares < 1e-6 * sizes)
    if len(rows):
        squares[rows, columns] = ((x[rows] - y[columns]) ** 2).sum(1)
    return np.sqrt(squares, out=squares)


def _directions(x):
    norms = np.sqrt((x * x).sum(1))
    return x / np.where(norms > 0, norms, 1)[:, None], norms / norms.sum() if norms.any() else norms
