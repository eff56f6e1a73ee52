"""The k best paths through a linear chain; symbols as in `ops/chain.py`."""

import numpy as np
from keras import ops

from keras_blog.ops.chain import FORBIDDEN, last_steps
from keras_blog.ops.recurrence import scan


def k_best_paths(x, trans, valid, k):
    """Tags `(t, b, k)` and scores `(b, k)` of the k best paths, best first.

    Forward, each tag keeps the scores of its k best prefixes; backwards, the choice that made a score is found again by
    sorting the same candidates once more, so that nothing but the scores is stored.
    """
    tags = trans.shape[0]
    into = ops.transpose(trans)

    def forward(best, x):
        candidates = best[:, None, :, :] + into[:, :, None]  # (b, to, from, k)
        best = _top(ops.reshape(candidates, (*ops.shape(candidates)[:2], tags * k)), k)[0] + x[0][..., None]
        return best, best

    alone = np.array([0.0] + [FORBIDDEN] * (k - 1), "float32")
    first = x[0][..., None] + alone  # (b, tags, k): one prefix, and none after it
    _, best = scan(forward, first, (x[1:],))
    best = ops.concatenate([first[None], best], axis=0)  # (t, b, tags, k)
    flat = ops.reshape(best, (*ops.shape(best)[:2], tags * k))
    last = last_steps(valid)
    scores, end = _top(ops.sum(flat * last[..., None], axis=0), k)  # (b, k)
    # Of a sequence with no real step there is one path, the empty one.
    scores = ops.where(valid[0][:, None] > 0, scores, ops.cast(alone, scores.dtype))

    def backward(state, x):
        flat, last, more = x  # (b, tags * k), (b, 1), (b, 1)
        tag, rank = state // k, state % k  # (b, k)
        candidates = ops.reshape(flat, (-1, tags, k))[:, None] + ops.take(into, tag, axis=0)[..., None]
        _, order = _top(ops.reshape(candidates, (*ops.shape(state), tags * k)), k)
        found = ops.take_along_axis(order, rank[..., None], axis=-1)[..., 0]
        state = ops.where(last > 0, end, ops.where(more > 0, found, state))
        return state, state

    more = ops.concatenate([valid[1:], ops.zeros_like(valid[:1])], axis=0)
    _, states = scan(backward, ops.zeros_like(end), (flat, last[..., None], more[..., None]), reverse=True)
    return states // k, scores


def _top(candidates, k):
    values, order = ops.top_k(candidates, k)
    return values, ops.cast(order, "int32")
