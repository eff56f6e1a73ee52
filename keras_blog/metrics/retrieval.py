"""How often texts find their like."""

import numpy as np


def retrieval(queries, query_groups, index=None, index_groups=None, ks=(1, 5, 10), chunk=1024):
    """Hit rates and mean reciprocal rank of a search by cosine.

    Without an index the queries are looked for among one another, each without itself: left out by its place and not by its
    rank, for a duplicate may come first. Queries whose group has no other member are no task, and are not counted.

    Args:
        queries: unit vectors, shape `(n, dim)`.
        query_groups: a group each, of any type that NumPy can compare.
        index: unit vectors to look in, shape `(m, dim)`.
        index_groups: their groups.
        ks: a hit at `k` is a member of the group among the first `k`.
        chunk: queries at a time; memory is `chunk * m`.

    Returns:
        A dict: `"hit@1"` and so on, `"mrr"`, and `"queries"`, how many counted. Ties count half: a member that ties with `t`
        strangers comes after `t / 2` of them.

    Raises:
        ValueError: if the sizes do not fit.

    Example:
    >>> vectors = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    >>> {name: float(value) for name, value in retrieval(vectors, [7, 7, 8], ks=(1,)).items()}
    {'hit@1': 1.0, 'mrr': 1.0, 'queries': 2.0}

    References:
        Article: kexue.fm 5743
    """
    alone = index is None
    if alone:
        index, index_groups = queries, query_groups
    query_groups, index_groups = np.asarray(query_groups), np.asarray(index_groups)
    for name, vectors, groups in (("query_groups", queries, query_groups), ("index_groups", index, index_groups)):
        if groups.shape != (len(vectors),):
            raise ValueError(f"`{name}` must be one a vector, {len(vectors)}; received shape {groups.shape}")
    ranks = []
    for start in range(0, len(queries), chunk):
        cosines = queries[start : start + chunk] @ index.T
        same = query_groups[start : start + chunk, None] == index_groups
        if alone:
            own = np.arange(len(cosines)), np.arange(start, start + len(cosines))
            cosines[own], same[own] = -np.inf, False
        best = np.where(same, cosines, -np.inf).max(axis=1, initial=-np.inf)[:, None]
        before = np.sum(~same & (cosines > best), axis=1) + 0.5 * np.sum(~same & (cosines == best), axis=1)
        ranks.append((1 + before)[same.any(axis=1)])
    ranks = np.concatenate(ranks) if ranks else np.zeros(0)
    count = max(len(ranks), 1)
    hits = {f"hit@{k}": float(np.sum(ranks <= k) / count) for k in ks}
    return {**hits, "mrr": float(np.sum(1 / ranks) / count), "queries": len(ranks)}
