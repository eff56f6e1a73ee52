"""Exact search by the word mover's distance."""

import numpy as np

from keras_blog.mining.transport import euclidean, pair, transport, vectors


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
    query = vectors("query", query)
    texts = [pair(query, text, "texts")[1] for text in texts]
    there = np.array([i for i, text in enumerate(texts) if len(text)], np.int64)
    if not len(there) or not len(query):
        return np.zeros(0, np.int64), np.zeros(0)
    bounds = np.concatenate([_bounds(query, block) for block in _blocks([texts[i] for i in there], len(query))])
    best, p = [], np.full(len(query), 1 / len(query))
    for place in np.argsort(bounds, kind="stable"):
        if len(best) == k and bounds[place] > best[-1][0] * (1 + 1e-9) + 1e-9:  # of rounding: the index alone decides ties
            break
        text = texts[there[place]]
        distance = transport(p, np.full(len(text), 1 / len(text)), euclidean(query, text), False)
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
    cost = euclidean(query, words)
    out = np.minimum.reduceat(cost, starts, axis=1).mean(0)
    back = np.add.reduceat(cost.min(0), starts) / sizes
    centroid = np.linalg.norm(np.add.reduceat(words, starts) / sizes[:, None] - query.mean(0), axis=1)
    return np.maximum(np.maximum(out, back), centroid)
