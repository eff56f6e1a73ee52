"""What the models that write texts share: vocabularies, an encoder, and searches over raw texts."""

import functools

import keras
import numpy as np
from keras import ops

from keras_blog.layers import SourcePrior
from keras_blog.models.text_search import Searches
from keras_blog.models.vocabulary import PADDING, UNKNOWN, Vocabulary, of_similar_length, padded, quarters, vocabulary_of


class TextWriter(keras.Model):
    """A model from texts to texts, read by bidirectional GRUs.

    A subclass has `call((sources, targets))`, which returns logits, and `search(sources, steps, beams, seed, options)`, which
    returns `(tokens (batch, outputs, steps), scores)`.

    Args:
        source_vocabulary: the tokens that are known in sources.
        target_vocabulary: the tokens that outputs are made of; None if they are those of the sources, and share embeddings.
        starts: ids that begin an output, after the vocabulary and the end.
        dim: size of embeddings and states, an even number.
        depth: GRUs of the encoder.
        dropout: share of embeddings and features that is dropped in training.
        max_source: tokens of a source that are read; the rest is cut off.
        seed: int; of the dropout.
        tied: whether one table embeds the outputs and scores them, and what is read keeps its embedding.
    """

    def __init__(self, source_vocabulary, target_vocabulary, starts, dim, depth, dropout, max_source, seed, tied, **kwargs):
        super().__init__(**kwargs)
        for name, value, least in (("dim", dim, 2), ("depth", depth, 1), ("max_source", max_source, 1)):
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 65536:
                raise ValueError(f"`{name}` must be an int from {least} to 65536; received {value!r}")
        if dim % 2:
            raise ValueError(f"`dim` must be even; received {dim}")
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must lie in [0, 1); received {dropout!r}")
        self.source_vocabulary = list(source_vocabulary)
        self.target_vocabulary = None if target_vocabulary is None else list(target_vocabulary)
        self.dim, self.depth, self.dropout, self.max_source, self.seed, self.tied = dim, depth, dropout, max_source, seed, tied
        self.source_tokens = Vocabulary(self.source_vocabulary)
        self.target_tokens = self.source_tokens if target_vocabulary is None else Vocabulary(self.target_vocabulary)
        self.end, self.start = len(self.target_tokens), len(self.target_tokens) + 1
        self.size = self.start + starts
        # Scores want short rows; `embed` makes them longer.
        start = keras.initializers.RandomNormal(stddev=dim**-0.5) if tied else "uniform"
        self.target_table = self.source_table = keras.layers.Embedding(self.size, dim, start, name="target_table")
        if target_vocabulary is not None:
            self.source_table = keras.layers.Embedding(len(self.source_tokens), dim, start, name="source_table")
        self.logits = None if tied else keras.layers.Dense(self.size, name="logits")
        gru = {"return_sequences": True, "reset_after": True}
        self.encoder = [
            keras.layers.Bidirectional(keras.layers.GRU(dim // 2, **gru), name=f"encoder_{i}") for i in range(depth)
        ]
        self.drop = keras.layers.Dropout(dropout, seed=seed)
        self._searches = Searches()

    vocabulary_of = staticmethod(vocabulary_of)
    target_width = staticmethod(functools.partial(quarters, least=8))  # outputs are short, and each step costs a score a token

    def build(self, input_shape=None):
        self.target_table.build((None, None))
        if self.source_table is not self.target_table:
            self.source_table.build((None, None))
        for layer in self.encoder:
            layer.build((None, None, self.dim))
        if self.tied:
            self.bias = self.add_weight(name="bias", shape=(self.size,), initializer="zeros")
        else:
            self.logits.build((None, self.dim))

    def embed(self, table, ids):
        """What the network reads of ids."""
        return table(ids) * self.dim**0.5 if self.tied else table(ids)

    def score(self, x):
        """Logits of features `(..., dim)`."""
        if not self.tied:
            return self.logits(x)
        return ops.matmul(x, ops.transpose(ops.cast(self.target_table.embeddings, x.dtype))) + ops.cast(self.bias, x.dtype)

    def read(self, sources, training=False):
        """`(memory (batch, steps, dim), mask, summary (batch, dim))` of ids of sources."""
        mask = ops.not_equal(sources, PADDING)
        x = embedded = self.drop(self.embed(self.source_table, sources), training=training)
        for layer in self.encoder:
            x = layer(x, mask=mask)
        # States lie in (-1, 1): where nothing is real, the largest is 0.
        summary = ops.max(ops.where(mask[:, :, None], x, -1.0), axis=1)
        summary = ops.where(ops.any(mask, axis=1, keepdims=True), summary, 0.0)
        memory = x + embedded if self.tied else x  # a token that is read can be written
        return ops.where(mask[:, :, None], memory, 0.0), mask, summary

    def generate(self, texts, beams=4, steps=64, batch_size=64, **options):
        """Outputs for raw texts, the best of a beam search each: strings where all tokens are single characters, else lists.

        Args:
            texts: strings or lists of tokens.
            beams: of the beam search; 1 is nearly greedy search; None draws, with the options of `ops.sample_sequences`.
            steps: most tokens of an output.
            batch_size: sources that are searched together.
            **options: of `ops.beam_search`, such as `length_penalty`, `coverage_penalty`, `min_length`, `no_repeat`. With
                `best` or `samples` above 1 each text has a list of so many, empty ones where the rules leave fewer. `allowed`
                holds tokens here, not ids. `seed` starts the draws; calls that follow draw others.
        """
        for name, value in (("beams", 1 if beams is None else beams), ("steps", steps), ("batch_size", batch_size)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"`{name}` must be an int of at least 1; received {value!r}")
        if isinstance(texts, str):
            raise ValueError(f"`texts` must be a list of texts; received one string, {texts[:40]!r}")
        if not self.built:
            self.build()
        if options.get("allowed") is not None:
            options["allowed"] = self.allowed(options["allowed"])
        texts = list(texts)
        search, outputs = self._searches.of(self, steps, beams, options), [None] * len(texts)
        tokens = self.source_vocabulary if self.target_vocabulary is None else self.target_vocabulary
        joined = all(len(token) == 1 for token in tokens)
        for some in of_similar_length(texts, batch_size):
            rows = [*some, *some[:1] * (batch_size - len(some) if len(texts) > batch_size else 0)]  # one shape less to compile
            found, _ = search.predict_on_batch(self.encode([texts[i] for i in rows]))
            for i, rows in zip(some, found, strict=False):
                ids = [[token for token in row[: _length(row, self.end)].tolist() if token > UNKNOWN] for row in rows]
                words = [[tokens[token - UNKNOWN - 1] for token in row] for row in ids]
                best = ["".join(row) for row in words] if joined else words
                outputs[i] = best if len(best) > 1 else best[0]
        return outputs

    def encode(self, texts):
        """Int ids of sources, cut at `max_source`, zeros behind; of few widths, so that a compiled model meets few shapes."""
        return self.source_tokens.encode(texts, lambda longest: min(quarters(longest), self.max_source), self.max_source)

    def encode_targets(self, texts):
        """`(inputs, labels)` of outputs: ids that begin with `start`, and those that follow up to `end`, -1 behind."""
        rows = [self.target_tokens.ids(text) for text in texts]
        inputs = padded([[self.start, *row] for row in rows], self.target_width)
        return inputs, padded([[*row, self.end] for row in rows], self.target_width, value=-1)

    def allowed(self, tokens=None):
        """Which ids an output may have, a bool for each: those of the end and of `tokens`, of all by default."""
        ids = range(UNKNOWN + 1, self.end) if tokens is None else self.target_tokens.ids(tokens)
        if UNKNOWN in ids:
            unknown = list(tokens)[ids.index(UNKNOWN)]
            raise ValueError(f"`allowed` must hold tokens that outputs are made of; received {unknown!r}")
        ids = {self.end, *ids}
        return tuple(i in ids for i in range(self.size))

    def prior_of(self, prior):
        """`layers.SourcePrior` that starts with the scale `prior`, or None for a falsy one."""
        if not prior:
            return None
        if not isinstance(prior, (int, float)):
            raise ValueError(f"`prior` must be a number, True or False; received {prior!r}")
        if self.target_vocabulary is not None:
            raise ValueError("`prior` needs one vocabulary for both sides; received a `target_vocabulary`")
        return SourcePrior([PADDING, UNKNOWN, *range(self.end, self.size)], float(prior), name="source_prior")

    def get_config(self):
        names = ("source_vocabulary", "target_vocabulary", "dim", "depth", "dropout", "max_source", "seed", "tied")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _length(row, end):
    """Tokens before the end."""
    ends = np.flatnonzero(row == end)
    return ends[0] if len(ends) else len(row)
