"""The best one-to-one assignment of rows to columns, on tensors: the Hungarian algorithm.

References:
    Paper: Kuhn, The Hungarian Method for the Assignment Problem, 1955
"""

from keras import ops

__all__ = ["assign"]


def assign(profit):
    """Gives every row a column of its own, so that the sum of the profits is the largest.

    Runs inside compiled functions: one augmenting path a row, along which dual prices fall (Jonker and Volgenant), each
    step over all columns at once; `n ** 3` in all.

    Args:
        profit: finite numbers, shape `(n, n)`; for another shape fill up with zeros.

    Returns:
        int32, shape `(n,)`: the column of each row.

    Raises:
        ValueError: if the shape is not square and known.

    Example:
    >>> ops.convert_to_numpy(assign([[3.0, 2.0], [2.0, 0.0]])).tolist()
    [1, 0]

    References:
        Article: kexue.fm 5887
    """
    cost = -ops.cast(profit, "float32")
    n = cost.shape[0] if len(cost.shape) == 2 else None
    if n is None or tuple(cost.shape) != (n, n):
        raise ValueError(f"`profit` must be square, of known size; received shape {tuple(cost.shape)}")
    # Row and column n are outside: the row that is to be placed starts at column n.
    columns = ops.arange(n + 1, dtype="int32")
    cost = ops.pad(cost, ((0, 1), (0, 1)))

    def place(row, state):
        prices_of_rows, prices, owner = state  # (n + 1,) each; the owner of a free column is n
        owner = ops.where(columns == n, row, owner)
        start = (n, ops.zeros(n + 1, "bool"), ops.full((n + 1,), 1e30), ops.full((n + 1,), n, "int32"), prices_of_rows, prices)

        def search(at, seen, least, previous, prices_of_rows, prices):
            seen = ops.logical_or(seen, columns == at)
            here = ops.take(owner, at)
            reduced = ops.take(cost, here, axis=0) - ops.take(prices_of_rows, here) - prices
            open_ = ops.logical_and(ops.logical_not(seen), columns < n)
            better = ops.logical_and(open_, reduced < least)
            least, previous = ops.where(better, reduced, least), ops.where(better, at, previous)
            among = ops.where(open_, least, 2e30)
            step = ops.min(among)
            owners = ops.max(ops.cast((owner == columns[:, None]) & seen, "float32"), axis=1)  # rows on the tree
            prices_of_rows = prices_of_rows + step * owners
            prices = ops.where(seen, prices - step, prices)
            least = ops.where(open_, least - step, least)
            return ops.cast(ops.argmin(among), "int32"), seen, least, previous, prices_of_rows, prices

        first = search(ops.convert_to_tensor(n, "int32"), *start[1:])
        at, _, _, previous, prices_of_rows, prices = ops.while_loop(lambda at, *_: ops.take(owner, at) != n, search, first)

        def step_back(at, owner):
            before = ops.take(previous, at)
            return before, ops.where(columns == at, ops.take(owner, before), owner)

        _, owner = ops.while_loop(lambda at, _: at != n, step_back, (at, owner))
        return prices_of_rows, prices, owner

    zeros = ops.zeros(n + 1)
    _, _, owner = ops.fori_loop(0, n, place, (zeros, zeros, ops.full((n + 1,), n, "int32")))
    rows = ops.arange(n, dtype="int32")
    return ops.cast(ops.argmax(owner[:n] == rows[:, None], axis=1), "int32")
