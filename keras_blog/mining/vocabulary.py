"""Words out of raw text, without a dictionary: found by their statistics, then a tokenizer by dynamic programming."""

import math
import os
from collections import Counter

import numpy as np

from keras_blog.mining import ngram_scores
from keras_blog.mining.ngram_counts import DIGITS, LATIN, count_ngrams, is_letter, lines, symbols


class Vocabulary:
    """Words with scores, and the tokenizer that finds the cut of a text with the highest sum of scores.

    Args:
        scores: a dict from word to score. In words a number stands as `0` and a Latin word as `A`, as in `count_ngrams`.
        unknown: score of a symbol that is no word; just below the lowest of a symbol by default.

    Raises:
        ValueError: if there is no word, or a score is not finite.

    Example:
    >>> words = Vocabulary({"北京": -1.0, "大学": -1.5, "北京大学": -2.0, "京": -5.0})
    >>> words.tokenize("北京大学, 1898年!")
    ['北京大学', ',', '1898', '年', '!']
    >>> words.spans("去 北京")
    [(0, 1), (2, 4)]

    References:
        Article: kexue.fm 5476
    """

    def __init__(self, scores, unknown=None):
        if not scores or not all(map(math.isfinite, scores.values())):
            raise ValueError(f"`scores` must hold words with finite scores, at least one; received {len(scores)} words")
        self.scores = dict(scores)
        singles = [score for word, score in self.scores.items() if len(word) == 1]
        self.unknown = min(singles or self.scores.values()) - 1.0 if unknown is None else unknown
        self.longest = max(map(len, self.scores))

    def __len__(self):
        return len(self.scores)

    def __contains__(self, word):
        return word in self.scores

    def __repr__(self):
        return f"<vocabulary of {len(self)} words>"

    def tokenize(self, text):
        """The words of a text, and its punctuation; white space is dropped."""
        return [text[start:end] for start, end in self.spans(text)]

    def spans(self, text):
        """`(start, end)` of each word in characters, `end` exclusive."""
        return [(start, end) for _, start, end in self.pieces(text)]

    def pieces(self, text):
        """`(word, start, end)`, the word as the vocabulary has it: numbers and Latin words shortened."""
        found, run = [], []
        for piece in [*symbols(text), (" ", 0, 0)]:
            if is_letter(piece[0]):
                run.append(piece)
                continue
            if run:
                joined, first = "".join(symbol for symbol, _, _ in run), 0
                for size in self._cut(joined):
                    found.append((joined[first : first + size], run[first][1], run[first + size - 1][2]))
                    first += size
                run = []
            if not piece[0].isspace():
                found.append(piece)
        return found

    def _cut(self, run):
        """Sizes of the words; of equal sums the one with the longer last word."""
        best, sizes, scores = [0.0], [0], self.scores
        for end in range(1, len(run) + 1):
            size, total = 1, best[-1] + scores.get(run[end - 1], self.unknown)
            for start in range(end - 2, max(-1, end - self.longest - 1), -1):
                score = scores.get(run[start:end])
                if score is not None and best[start] + score >= total:
                    size, total = end - start, best[start] + score
            best.append(total)
            sizes.append(size)
        cut, end = [], len(run)
        while end:
            cut.append(sizes[end])
            end -= sizes[end]
        return cut[::-1]

    def count(self, texts, progress=None):
        """How often each word, or other piece, is cut from the texts: a `Counter`. `progress` gets the length of each text."""
        return Counter(word for text in _counted(texts, progress) for word, _, _ in self.pieces(text))

    def refined(self, texts, min_count=2, min_gain=1.0, progress=None):
        """A unigram vocabulary of the words that this one cuts: scores become log probabilities.

        A word stays if it is cut at least `min_count` times and its own log probability exceeds that of its best cut into other
        words by `min_gain` nats; counts of the others go to their parts. Longer words are asked first.

        Args:
            texts: strings, or the path of a UTF-8 file, a text a line.
            min_count: least count of a word of several symbols.
            min_gain: 1 in the article, for a join pays if its PMI is over 1.
            progress: called with the length of each text.
        """
        counts = Counter({word: n for word, n in self.count(texts, progress).items() if is_letter(word[0])})
        for word in [word for word, n in counts.items() if len(word) > 1 and n < min_count]:
            counts.update(dict.fromkeys(word, 0))
            for symbol in word:
                counts[symbol] += counts[word]
            del counts[word]
        total = sum(counts.values())
        if not total:
            raise ValueError("`texts` must hold letters or digits; received none")
        refined = Vocabulary({word: math.log(n / total) for word, n in counts.items() if n}, unknown=-math.log(2 * total))
        for word in sorted((word for word in refined.scores if len(word) > 1), key=lambda word: (-len(word), word)):
            own = refined.scores.pop(word)
            parts, first = [], 0
            for size in refined._cut(word):
                parts.append(word[first : first + size])
                first += size
            if own - sum(refined.scores.get(part, refined.unknown) for part in parts) >= min_gain:
                refined.scores[word] = own
                continue
            for part in parts:
                counts[part] += counts[word]
                refined.scores[part] = math.log(counts[part] / total)
        return refined

    def save(self, path, form="plain"):
        """Write the words, best score first.

        Words with a number or a Latin word in them are found by rule and only in `"keras"`; single symbols not in `"plain"`.

        Args:
            path: the file.
            form: `"plain"`, a word a line; `"jieba"`, for `jieba.set_dictionary`, with a frequency from the score as a log
                probability; `"keras"`, a token a line for `keras.layers.TextVectorization(vocabulary=path)`.
        """
        if form not in ("plain", "jieba", "keras"):
            raise ValueError(f'`form` must be "plain", "jieba" or "keras"; received {form!r}')
        ranked = sorted(self.scores, key=lambda word: (-self.scores[word], word))
        rows = [w for w in ranked if form != "plain" or len(w) > 1]
        if form != "keras":
            rows = [word for word in rows if DIGITS not in word and LATIN not in word]
        best = max(self.scores.values())
        with open(os.fspath(path), "w", encoding="utf-8") as file:
            for word in rows:
                number = max(1, round(1e6 * math.exp(self.scores[word] - best)))
                file.write(f"{word} {number}\n" if form == "jieba" else f"{word}\n")


def vocabulary(texts, max_len=4, min_count=2, min_pmi=0.0, progress=None):
    """Find the words of raw texts, without a dictionary.

    A word is cohesive inside: its loosest split has a pointwise mutual information above `min_pmi`, and joining it there lowers
    the entropy per character. And it is free outside, which its score says: `ngram_scores.autonomy` times its length.

    Args:
        texts: strings, or the path of a UTF-8 file, a text a line. They are read once, at over a million characters a second,
            in bounded memory (see `count_ngrams`).
        max_len: most symbols in a word, 1 to 4. Numbers and Latin words are one symbol.
        min_count: rarer words are not found.
        min_pmi: in nats.
        progress: called with the length of each text.

    Returns:
        `Vocabulary`. Its `refined(texts)` keeps the words that its own cut uses, with log probabilities.

    Raises:
        ValueError: if a number is out of its range or the texts hold nothing to count.

    Example:
    >>> import itertools
    >>> texts = ["".join(row) for row in itertools.permutations(["红花", "绿叶", "白云", "天"], 3)]
    >>> vocabulary(texts).refined(texts).tokenize("白云，红花绿叶")
    ['白云', '，', '红花', '绿叶']

    References:
        Article: kexue.fm 5476
        Paper: Magistry, Sagot, Unsupervized Word Segmentation: the Case for Mandarin Chinese, ACL 2012
    """
    if not 1 <= max_len <= 4:
        raise ValueError(f"`max_len` must be from 1 to 4; received {max_len!r}")
    counts = count_ngrams(_counted(texts, progress), max_len + 1, min_count)
    free, scores = ngram_scores.autonomy(counts, max_len), {}
    for length in range(1, max_len + 1):
        words, value = counts.ngrams(length), free[length] * length
        if length > 1:
            pmi, gain = ngram_scores.cohesion(counts, length)
            kept = np.flatnonzero((pmi > min_pmi) & (gain > 0))
            words, value = [words[i] for i in kept], value[kept]
        scores.update(zip(words, value.tolist(), strict=True))
    return Vocabulary(scores)


def _counted(texts, progress):
    for text in lines(texts):
        if progress is not None:
            progress(len(text))
        yield text


def bits_per_character(words):
    """Entropy of a sequence of words over their mean length: what a character costs if words are drawn independently.

    Args:
        words: a `Counter` of words, or an iterable of words.

    Raises:
        ValueError: if there is no word.

    Example:
    >>> bits_per_character(["ab", "c", "ab", "c"])
    0.6666666666666666

    References:
        Article: kexue.fm 5476
    """
    counts = Counter(words)
    n = np.array(list(counts.values()), float)
    if not n.sum():
        raise ValueError("`words` must hold at least one word; received none")
    entropy = -(n / n.sum() * np.log2(n / n.sum())).sum()
    return float(entropy * n.sum() / sum(count * len(word) for word, count in counts.items()))
