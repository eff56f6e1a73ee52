"""Word vectors whose inner products are mutual information, and what can be asked of them."""

import os
import tempfile
from pathlib import Path

import numpy as np


def pmi_vectors(found, dim, seed=0, **options):
    r"""The best vectors of their size: inner products nearest to the mutual information of all pairs, in closed form.

    Pairs that do not occur count as 0, those below as well: only positive information is kept. The vectors are eigenvectors of
    that matrix, scaled by the roots of the eigenvalues; the largest `dim`, as long as they are positive.

    Args:
        found: a `Cooccurrence`.
        dim: size of the vectors.
        seed: of the start of the iteration.
        **options: of `Cooccurrence.pmi`.

    Returns:
        `WordVectors`.

    Raises:
        ImportError: if SciPy is not installed.
        ValueError: if `dim` is not between 1 and the number of words less 1.

    References:
        Articles: kexue.fm 4671
        Paper: Levy, Goldberg, Neural Word Embedding as Implicit Matrix Factorization, NeurIPS 2014
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import eigsh

    if not 1 <= dim < len(found):
        raise ValueError(f"`dim` must be an int from 1 to {len(found) - 1}, the words less 1; received {dim!r}")
    left, right, values = found.pmi(**options)
    positive = values > 0
    left, right, values = left[positive], right[positive], values[positive]
    other = left != right  # the pair in the other order
    rows, columns = np.concatenate([left, right[other]]), np.concatenate([right, left[other]])
    matrix = coo_array((np.concatenate([values, values[other]]), (rows, columns)), shape=(len(found),) * 2).tocsr()
    start = np.random.default_rng(seed).normal(size=len(found))
    roots, vectors = eigsh(matrix, k=dim, which="LA", v0=start)
    order = np.argsort(-roots)
    vectors = vectors[:, order] * np.sqrt(np.maximum(roots[order], 0.0))
    vectors = vectors * np.where(vectors[np.abs(vectors).argmax(axis=0), np.arange(dim)] < 0, -1.0, 1.0)
    return WordVectors(found.words, vectors, found.counts)


class WordVectors:
    r"""Words and their vectors, with the questions of the article.

    The inner product of two vectors is the mutual information of their words, so that of a word and a sum of vectors is its
    mutual information with all of those words, if they are independent.

    Args:
        words: distinct strings.
        vectors: shape `(words, dim)`.
        counts: how often each occurs, for `relatedness`; `similar` takes the first words as the most frequent.

    Raises:
        ValueError: if the sizes do not fit, or a word stands there twice.

    References:
        Articles: kexue.fm 4671, 4368
    """

    def __init__(self, words, vectors, counts=None):
        self.words, self.vectors = list(words), np.asarray(vectors, "float32")
        self.counts = None if counts is None else np.asarray(counts)
        self._places = {word: i for i, word in enumerate(self.words)}
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.words) or not len(self.words):
            raise ValueError(f"`vectors` must have a row a word, {len(self.words)}; received shape {self.vectors.shape}")
        if len(self._places) < len(self.words):
            raise ValueError(f"`words` must be distinct; received {len(self.words)}, of which {len(self._places)} are")

    def __len__(self):
        return len(self.words)

    def __contains__(self, word):
        return word in self._places

    def __getitem__(self, word):
        if word not in self._places:
            raise ValueError(f"`word` must be one of the {len(self)} words with a vector; received {word!r}")
        return self.vectors[self._places[word]]

    def correlated(self, word, k=10):
        """The `k` words with the highest mutual information with a word, `(word, nats)`: those that stand beside it."""
        return self._best(self.vectors @ self[word], k, {word})

    def similar(self, word, k=10, contexts=None):
        """The `k` words that stand beside the same words, `(word, correlation)`.

        The correlation is that of their mutual information with the first `contexts` words, all by default: with ten thousand,
        words of one meaning; with five hundred, words of one part of speech.
        """
        some = self.vectors[:contexts].astype("float64")
        some = some - some.mean(axis=0)
        roots, turned = np.linalg.eigh(some.T @ some)
        profiles = self.vectors @ (turned * np.sqrt(np.maximum(roots, 0.0)))
        profiles = profiles / np.maximum(np.linalg.norm(profiles, axis=1, keepdims=True), 1e-12)
        self[word]
        return self._best(profiles @ profiles[self._places[word]], k, {word})

    def analogy(self, positive, negative=(), k=10):
        """The `k` words nearest to a sum of vectors less others, by cosine: `analogy(["king", "woman"], ["man"])`."""
        target = sum(self[word] for word in positive) - sum((self[word] for word in negative), np.zeros_like(self.vectors[0]))
        lengths = np.linalg.norm(self.vectors, axis=1) * np.linalg.norm(target)
        return self._best(self.vectors @ target / np.maximum(lengths, 1e-12), k, {*positive, *negative})

    def text(self, words):
        """The vector of a text, the sum of those of its words; words without a vector are left out."""
        places = [self._places[word] for word in words if word in self._places]
        return self.vectors[np.array(places, int)].sum(axis=0)

    def keywords(self, words, k=10):
        """The `k` words of a text that tell most about its other words, `(word, nats)`."""
        known = list(dict.fromkeys(word for word in words if word in self))
        scores = self.vectors[np.array([self._places[word] for word in known], int)] @ self.text(words)
        return [(known[i], float(scores[i])) for i in np.argsort(-scores, kind="stable")[:k]]

    def text_similarity(self, first, second):
        """Cosine of the vectors of two texts; 0 if one of them has no word with a vector."""
        a, b = self.text(first), self.text(second)
        lengths = np.linalg.norm(a) * np.linalg.norm(b)
        return float(a @ b / lengths) if lengths else 0.0

    def relatedness(self, word, k=10, alpha=0.9):
        r"""The `k` words with the highest :math:`\log p(y | x) - \alpha \log p(y)`; below 1, frequent words gain.

        Raises:
            ValueError: if there are no counts.
        """
        if self.counts is None:
            raise ValueError("`relatedness` needs the counts of the words; received none")
        shares = np.log(np.maximum(self.counts, 1) / self.counts.sum())
        return self._best(self.vectors @ self[word] + (1.0 - alpha) * shares, k, {word})

    def save(self, path, form="word2vec"):
        """Write a text file, a word and its numbers a line: below a line of sizes (`"word2vec"`), or without it (`"glove"`).

        Raises:
            ValueError: if `form` is another one, or a word holds white space.
        """
        if form not in ("word2vec", "glove"):
            raise ValueError(f"`form` must be 'word2vec' or 'glove'; received {form!r}")
        spaced = [word for word in self.words if not word or word.split() != [word]]
        if spaced:
            raise ValueError(f"`words` must have no white space for a text file; received {spaced[0]!r}")
        path = Path(path)
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            with open(unfinished, "w", encoding="utf-8") as file:
                if form == "word2vec":
                    file.write(f"{len(self)} {self.vectors.shape[1]}\n")
                for word, row in zip(self.words, self.vectors.tolist(), strict=True):
                    file.write(f"{word} {' '.join(f'{number:.7g}' for number in row)}\n")
            os.replace(unfinished, path)

    @classmethod
    def load(cls, path):
        """Read a text file of either form.

        Raises:
            ValueError: `FILE:LINE: what is wrong; expected ...; received ...`.
        """
        words, rows = [], []
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                word, *numbers = line.rstrip("\n").split(" ")
                numbers = [part for part in numbers if part]
                if number == 1 and len(numbers) == 1 and word.isdigit():
                    continue  # the sizes
                try:
                    row = np.array(numbers, "float32")
                except ValueError:
                    row = np.zeros(0)
                if not len(row) or (rows and len(row) != len(rows[0])):
                    expected = f"a word and {len(rows[0])} numbers" if rows else "a word and numbers"
                    raise ValueError(f"{path}:{number}: no word vector; expected {expected}; received {line[:60]!r}")
                words.append(word)
                rows.append(row)
        return cls(words, np.array(rows).reshape(len(words), -1))

    def _best(self, scores, k, without):
        order = np.argsort(-scores, kind="stable")
        found = [(self.words[i], float(scores[i])) for i in order[: k + len(without)] if self.words[i] not in without]
        return found[:k]
