"""Slow NumPy from the mathematics, in float64; never calls the code under test."""

import itertools

import numpy as np


class Chain:
    """All paths of one chain, enumerated. `-inf` forbids; masked steps are taken out first."""

    def __init__(self, emissions, transitions, start=None, end=None, mask=None):
        emissions = np.asarray(emissions, "float64")
        if mask is not None:
            emissions = emissions[np.asarray(mask, bool)]
        n, k = emissions.shape
        transitions = np.asarray(transitions, "float64")
        start = np.zeros(k) if start is None else np.asarray(start, "float64")
        end = np.zeros(k) if end is None else np.asarray(end, "float64")
        self.n, self.k = n, k
        self.paths = np.array(list(itertools.product(range(k), repeat=n)), dtype=int).reshape(k**n, n)
        scores = np.zeros(len(self.paths))
        for t in range(n):
            scores = scores + emissions[t, self.paths[:, t]]
            if t:
                scores = scores + transitions[self.paths[:, t - 1], self.paths[:, t]]
        if n:
            scores = scores + start[self.paths[:, 0]] + end[self.paths[:, -1]]
        self.scores = scores
        self.log_z = logsumexp(scores)
        self.p = np.exp(scores - self.log_z)

    def best(self):
        """`(path, score)`; ties to the path that is lowest read from its end, as tracing back finds it."""
        return max(
            zip(map(tuple, self.paths), self.scores, strict=True),
            key=lambda pair: (pair[1], [-t for t in pair[0][::-1]]),
        )

    def k_best_scores(self, k):
        return np.sort(self.scores[np.isfinite(self.scores)])[::-1][:k]

    def score(self, path):
        return self.scores[np.all(self.paths == np.asarray(path), axis=1)][0]

    def marginals(self):
        return np.array([[self.p[self.paths[:, t] == j].sum() for j in range(self.k)] for t in range(self.n)])

    def edge_marginals(self):
        edges = np.zeros((max(self.n - 1, 0), self.k, self.k))
        for t, i, j in np.ndindex(edges.shape):
            edges[t, i, j] = self.p[(self.paths[:, t] == i) & (self.paths[:, t + 1] == j)].sum()
        return edges

    def entropy(self):
        p = self.p[self.p > 0]
        return -np.sum(p * np.log(p))

    def log_likelihood_of_sets(self, allowed):
        inside = np.all([allowed[t][self.paths[:, t]] for t in range(self.n)], axis=0)
        return logsumexp(self.scores[inside]) - self.log_z

    def log_conditional(self, path, t):
        """`log p(y_t | y_{t+1}, ..., y_n)`."""
        path = np.asarray(path)
        later = np.all(self.paths[:, t + 1 :] == path[t + 1 :], axis=1)
        here = later & (self.paths[:, t] == path[t])
        return logsumexp(self.scores[here]) - logsumexp(self.scores[later])


def forward_backward(emissions, transitions, start, end):
    """`(log Z, marginals, edge marginals summed over steps)` of one chain of any length, in log space."""
    emissions, transitions = np.array(emissions, "float64"), np.asarray(transitions, "float64")
    emissions[0] += start
    emissions[-1] += end
    alpha, beta = emissions.copy(), np.zeros_like(emissions)
    for t in range(1, len(emissions)):
        alpha[t] += np.logaddexp.reduce(alpha[t - 1][:, None] + transitions, axis=0)
    for t in range(len(emissions) - 2, -1, -1):
        beta[t] = np.logaddexp.reduce(transitions + emissions[t + 1] + beta[t + 1], axis=1)
    log_z = np.logaddexp.reduce(alpha[-1])
    later = (emissions + beta)[1:, None, :]
    edges = np.exp(alpha[:-1, :, None] + transitions + later - log_z).sum(0)
    return log_z, np.exp(alpha + beta - log_z), edges


def viterbi(emissions, transitions, start, end):
    """`(path, score)` of one chain of any length; ties to the path that is lowest read from its end."""
    emissions, transitions = np.array(emissions, "float64"), np.asarray(transitions, "float64")
    emissions[0] += start
    emissions[-1] += end
    best, back = emissions[0], []
    for row in emissions[1:]:
        candidates = best[:, None] + transitions
        back.append(candidates.argmax(0))
        best = candidates.max(0) + row
    path = [int(best.argmax())]
    for row in back[::-1]:
        path.append(int(row[path[-1]]))
    return path[::-1], best.max()


def logsumexp(scores):
    top = np.max(scores) if len(scores) else -np.inf
    return top if not np.isfinite(top) else top + np.log(np.sum(np.exp(scores - top)))
