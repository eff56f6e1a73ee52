"""Word vectors made ready for texts: without what all of them share, and short where a word is common."""

import numpy as np


def convert_vectors(vectors, shares=None, texts=None, directions=2, smoothing=1e-3, common=1):
    r"""The conversion that the word rotator's distance was published with, of a whole table of word vectors.

    Three steps. All words: their mean goes, and then their `directions` principal directions ("all but the top"). Each word:
    its vector is multiplied by :math:`a / (a + p)`, so that the norm falls with its share `p` of the running text (SIF). Texts:
    the `common` first directions of their mean vectors go, those of what every text says.

    Args:
        vectors: of all words, shape `(words, dim)`.
        shares: how much of running text each word is, `(words,)`; by default Zipf's law, :math:`1 / (rank + 2.7)`, for tables
            usually stand in the order of frequency.
        texts: a list of texts, each the places of its words in the table, for the last step; it is left out by default.
        directions: how many go from all words, 2 as published for GloVe; 0 leaves the first step out.
        smoothing: `a`; `None` leaves the second step out.
        common: how many go from all texts.

    Returns:
        A float64 array `(words, dim)`.

    Raises:
        ValueError: if a shape or a number does not fit.

    Example:
    >>> table = [[5.0, 1.0], [1.0, 0.0], [2.0, 3.0], [4.0, 0.0]]  # they differ most in the first number
    >>> print(convert_vectors(table, directions=0, smoothing=0.1, shares=[0.9, 0.1, 0.0, 0.0]))
    [[0.5 0.1]
     [0.5 0. ]
     [2.  3. ]
     [4.  0. ]]

    References:
        Article: kexue.fm 7388
        Papers: Yokoi et al., Word Rotator's Distance, arXiv:2004.15003, section 5;
            Mu, Viswanath, All-but-the-Top, arXiv:1702.01417; Arora et al., A Simple but Tough-to-Beat Baseline, ICLR 2017
    """
    table = np.array(vectors, np.float64)
    if table.ndim != 2 or not len(table) or not np.isfinite(table).all():
        raise ValueError(f"`vectors` must be finite word vectors (words, dim); received shape {table.shape}")
    for name, value in (("directions", directions), ("common", common)):
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= table.shape[1]:
            raise ValueError(f"`{name}` must be an int from 0 to {table.shape[1]}; received {value!r}")
    if smoothing is not None and not smoothing > 0:
        raise ValueError(f"`smoothing` must be positive, or None; received {smoothing!r}")
    if directions:
        table -= table.mean(0)
        table = _without(table, table, directions)
    if smoothing is not None:
        shares = 1 / (np.arange(len(table)) + 2.7) if shares is None else np.asarray(shares, np.float64)
        if shares.shape != (len(table),) or not (shares >= 0).all() or not shares.any():
            raise ValueError(f"`shares` must be {len(table)} shares, none negative; received shape {shares.shape}")
        table *= (smoothing / (smoothing + shares / shares.sum()))[:, None]
    if texts is not None and common:
        means = [table[np.asarray(text)].mean(0) for text in texts if len(text)]
        table = _without(table, np.array(means).reshape(-1, table.shape[1]), common)
    return table


def _without(table, rows, number):
    """The table less its parts along the first `number` directions of the rows."""
    largest = np.linalg.eigh(rows.T @ rows)[1][:, table.shape[1] - number :]
    return table - table @ largest @ largest.T
