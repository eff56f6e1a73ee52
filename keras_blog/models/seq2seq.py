"""From texts to texts: recurrent encoder and decoder with attention, vocabularies in the same file."""

import keras
import numpy as np
from keras import ops

from keras_blog.layers import ConditionalLayerNormalization, SourcePrior
from keras_blog.models.text_search import Searches
from keras_blog.models.vocabulary import PADDING, UNKNOWN, Vocabulary, of_similar_length, padded, quarters, vocabulary_of


@keras.saving.register_keras_serializable("keras_blog")
class Seq2Seq(keras.Model):
    """Writes a text for a text: bidirectional GRUs read it, GRUs with attention write.

    The decoder's normalizations are conditioned on the largest state of the encoder, and with `prior` the tokens of the source
    are likelier in the output, as in the article. ::

        model = Seq2Seq(Seq2Seq.vocabulary_of(articles + titles), prior=True)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1))
        model.fit(PairBatches(model, articles, titles), epochs=10)
        model.generate(["..."])  # ["a title"]

    A text is a string, whose tokens are its characters, or a list of tokens.

    Args:
        source_vocabulary: the tokens that are known in sources.
        target_vocabulary: the tokens that outputs are made of; None if they are those of the sources, and share embeddings.
        dim: size of embeddings and states.
        depth: GRUs on either side.
        num_heads: of the attention to the source, a divisor of `dim`; 0 for none, a plain encoder and decoder.
        prior: whether to use `layers.SourcePrior`, which needs one vocabulary for both sides.
        dropout: share of embeddings and features that is dropped in training.
        max_source: tokens of a source that are read; the rest is cut off.
        seed: int; of the dropouts.

    Call arguments:
        inputs: `(sources, targets)`, int ids `(batch, source steps)` and `(batch, steps)`, as `PairBatches` makes them; the
            targets begin with `start`.

    Returns:
        Logits of the tokens that follow, shape `(batch, steps, size)`.

    References:
        Article: kexue.fm 5861
        Paper: Bahdanau, Cho, Bengio, Neural Machine Translation by Jointly Learning to Align and Translate, arXiv:1409.0473
    """

    def __init__(
        self,
        source_vocabulary,
        target_vocabulary=None,
        dim=128,
        depth=1,
        num_heads=4,
        prior=False,
        dropout=0.1,
        max_source=400,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, value, least in (
            ("dim", dim, 2),
            ("depth", depth, 1),
            ("num_heads", num_heads, 0),
            ("max_source", max_source, 1),
        ):
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 65536:
                raise ValueError(f"`{name}` must be an int from {least} to 65536; received {value!r}")
        if dim % 2 or (num_heads and dim % num_heads):
            raise ValueError(f"`dim` must be even and a multiple of `num_heads`; received {dim} and {num_heads}")
        if prior and target_vocabulary is not None:
            raise ValueError("`prior` needs one vocabulary for both sides; received a `target_vocabulary`")
        self.source_vocabulary = list(source_vocabulary)
        self.target_vocabulary = None if target_vocabulary is None else list(target_vocabulary)
        self.dim, self.depth, self.num_heads, self.prior = dim, depth, num_heads, prior
        self.dropout, self.max_source, self.seed = dropout, max_source, seed
        self.source_tokens = Vocabulary(self.source_vocabulary)
        self.target_tokens = self.source_tokens if target_vocabulary is None else Vocabulary(self.target_vocabulary)
        self.end, self.start, self.size = (len(self.target_tokens) + i for i in range(3))
        self.never = [PADDING, UNKNOWN, self.start]
        self.target_table = keras.layers.Embedding(self.size, dim, name="target_table")
        shared = target_vocabulary is None
        self.source_table = (
            self.target_table if shared else keras.layers.Embedding(len(self.source_tokens), dim, name="source_table")
        )
        gru = {"return_sequences": True, "reset_after": True}
        self.encoder = [
            keras.layers.Bidirectional(keras.layers.GRU(dim // 2, **gru), name=f"encoder_{i}") for i in range(depth)
        ]
        self.first_state = keras.layers.Dense(depth * dim, "tanh", name="first_state")
        self.norms = [ConditionalLayerNormalization(max(dim // 4, 1), name=f"norm_{i}") for i in range(depth + 1)]
        self.decoder = [keras.layers.GRU(dim, name=f"decoder_{i}", **gru) for i in range(depth)]
        attention = keras.layers.MultiHeadAttention
        self.attention = attention(num_heads, dim // num_heads, name="attention") if num_heads else None
        self.features = keras.layers.Dense(dim, "gelu", name="features")
        self.logits = keras.layers.Dense(self.size, name="logits")
        self.source_prior = SourcePrior([PADDING, UNKNOWN, self.end, self.start], name="source_prior") if prior else None
        self.drop = keras.layers.Dropout(dropout, seed=seed)
        self._searches = Searches()

    vocabulary_of = staticmethod(vocabulary_of)

    def build(self, input_shape=None):
        steps = (None, None, self.dim)
        self.target_table.build((None, None))
        if self.source_table is not self.target_table:
            self.source_table.build((None, None))
        for layer in (*self.encoder, *self.decoder):
            layer.build(steps)
        self.first_state.build((None, self.dim))
        for norm in self.norms:
            norm.build(steps, (None, self.dim))
        if self.attention is not None:
            self.attention.build(steps, steps)
        self.features.build((None, None, 2 * self.dim if self.num_heads else self.dim))
        self.logits.build(steps)
        if self.source_prior is not None:
            self.source_prior.build((None, None, self.size), (None, None))

    def call(self, inputs, training=None):
        return self._decode(*inputs, training)[0]

    def _decode(self, sources, targets, training=False):
        """Logits, and attention `(batch, steps, source steps)`."""
        memory, mask, summary = self._read(sources, training)
        x = self.drop(self.target_table(targets), training=training)
        states = ops.split(self.first_state(summary), self.depth, axis=-1)
        for norm, gru, state in zip(self.norms, self.decoder, states, strict=False):
            x = gru(norm(x, summary), initial_state=state)
        return self._write(x, memory, mask, summary, sources, training)

    def stepper(self, sources, rows):
        """`(step, state, source mask)` for the searches of `ops`, with `rows` hypotheses a source: see `ops.beam_search`.

        A step costs the same however long the output is already.
        """
        memory, mask, summary = self._read(sources, False)
        state = ops.split(self.first_state(summary), self.depth, axis=-1)
        repeated = [ops.repeat(x, rows, axis=0) for x in (memory, mask, summary, sources)]

        def step(last, states):
            memory, mask, summary, sources = repeated
            x, new = self.target_table(last), []
            for norm, gru, state in zip(self.norms, self.decoder, states, strict=False):
                x, state = gru.cell(norm(x[:, None], summary)[:, 0], [state])
                new.append(state[0] if isinstance(state, (list, tuple)) else state)
            logits, weights = self._write(x[:, None], memory, mask, summary, sources, False)
            return logits[:, 0], new, weights[:, 0]

        return step, list(state), mask

    def generate(self, texts, beams=4, steps=64, batch_size=64, **options):
        """Outputs for raw texts, the best of a beam search each: strings where all tokens are single characters, else lists.

        Args:
            texts: strings or lists of tokens.
            beams: of the beam search; 1 is nearly greedy search; None draws, with the options of `ops.sample_sequences`.
            steps: most tokens of an output.
            batch_size: sources that are searched together.
            **options: of `ops.beam_search`, such as `length_penalty`, `coverage_penalty`, `min_length`, `no_repeat`.
        """
        search, outputs = self._searches.of(self, steps, beams, options), [None] * len(texts)
        tokens = self.source_vocabulary if self.target_vocabulary is None else self.target_vocabulary
        joined = all(len(token) == 1 for token in tokens)
        for some in of_similar_length(texts, batch_size):
            rows = [*some, *some[:1] * (batch_size - len(some) if len(texts) > batch_size else 0)]  # one shape less to compile
            found, _ = search.predict_on_batch(self.encode([texts[i] for i in rows]))
            for i, row in zip(some, found[:, 0], strict=False):
                ids = [token for token in row[: _length(row, self.end)].tolist() if token > UNKNOWN]
                words = [tokens[token - UNKNOWN - 1] for token in ids]
                outputs[i] = "".join(words) if joined else words
        return outputs

    def attention_of(self, source, target):
        """The attention to each token of a source that each token of a target was written with, NumPy `(target, source)`."""
        _, weights = self._decode(self.encode([source]), self.encode_targets([target])[0])
        return ops.convert_to_numpy(weights)[0, : len(target), : len(source)]

    def encode(self, texts):
        """Int ids of sources, cut at `max_source`, zeros behind; of few widths, so that a compiled model meets few shapes."""
        return self.source_tokens.encode(texts, lambda longest: min(quarters(longest), self.max_source), self.max_source)

    def encode_targets(self, texts):
        """`(inputs, labels)` of outputs: ids that begin with `start`, and those that follow up to `end`, -1 behind."""
        rows = [self.target_tokens.ids(text) for text in texts]
        inputs = padded([[self.start, *row] for row in rows], quarters)
        return inputs, padded([[*row, self.end] for row in rows], quarters, value=-1)

    def _read(self, sources, training):
        mask = ops.not_equal(sources, PADDING)
        x = self.drop(self.source_table(sources), training=training)
        for layer in self.encoder:
            x = layer(x, mask=mask)
        x = ops.where(mask[:, :, None], x, 0.0)
        # States lie in (-1, 1): where nothing is real, the largest is 0.
        summary = ops.max(ops.where(mask[:, :, None], x, -1.0), axis=1)
        return x, mask, ops.where(ops.any(mask, axis=1, keepdims=True), summary, 0.0)

    def _write(self, x, memory, mask, summary, sources, training):
        """Logits of decoder states, and the attention that they paid, the mean over heads."""
        x, weights = self.norms[-1](x, summary), ops.cast(mask, x.dtype)[:, None]
        if self.attention is not None:
            read, weights = self.attention(x, memory, attention_mask=mask[:, None], return_attention_scores=True)
            weights = ops.mean(weights, axis=1)
            x = ops.concatenate([x, read], axis=-1)
        logits = self.logits(self.drop(self.features(x), training=training))
        return (logits if self.source_prior is None else self.source_prior(logits, sources)), weights

    def get_config(self):
        names = (
            "source_vocabulary",
            "target_vocabulary",
            "dim",
            "depth",
            "num_heads",
            "prior",
            "dropout",
            "max_source",
            "seed",
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _length(row, end):
    """Tokens before the end."""
    ends = np.flatnonzero(row == end)
    return ends[0] if len(ends) else len(row)
