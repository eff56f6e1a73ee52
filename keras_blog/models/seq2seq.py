"""From texts to texts: recurrent encoder and decoder with attention, vocabularies in the same file."""

import keras
from keras import ops

from keras_blog.layers import ConditionalLayerNormalization
from keras_blog.models.text_writer import TextWriter
from keras_blog.ops import beam_search, sample_sequences


@keras.saving.register_keras_serializable("keras_blog")
class Seq2Seq(TextWriter):
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
        prior: the scale that `layers.SourcePrior` starts with, which needs one vocabulary for both sides; True is 1, the
            article's; False is none.
        dropout: share of embeddings and features that is dropped in training.
        max_source: tokens of a source that are read; the rest is cut off.
        seed: int; of the dropouts.
        tied: whether one table embeds the outputs and scores them; with thousands of tokens that learns much sooner.

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
        tied=False,
        **kwargs,
    ):
        super().__init__(source_vocabulary, target_vocabulary, 1, dim, depth, dropout, max_source, seed, tied, **kwargs)
        if not isinstance(num_heads, int) or isinstance(num_heads, bool) or num_heads < 0 or (num_heads and dim % num_heads):
            raise ValueError(f"`num_heads` must be a divisor of `dim`, {dim}, or 0; received {num_heads!r}")
        self.num_heads, self.prior = num_heads, prior
        self.first_state = keras.layers.Dense(depth * dim, "tanh", name="first_state")
        self.norms = [ConditionalLayerNormalization(max(dim // 4, 1), name=f"norm_{i}") for i in range(depth + 1)]
        gru = {"return_sequences": True, "reset_after": True}
        self.decoder = [keras.layers.GRU(dim, name=f"decoder_{i}", **gru) for i in range(depth)]
        attention = keras.layers.MultiHeadAttention
        self.attention = attention(num_heads, dim // num_heads, name="attention") if num_heads else None
        self.features = keras.layers.Dense(dim, None if tied else "gelu", name="features")
        self.source_prior = self.prior_of(prior)

    def build(self, input_shape=None):
        super().build()
        steps = (None, None, self.dim)
        for layer in self.decoder:
            layer.build(steps)
        self.first_state.build((None, self.dim))
        for norm in self.norms:
            norm.build(steps, (None, self.dim))
        if self.attention is not None:
            self.attention.build(steps, steps)
        self.features.build((None, None, 2 * self.dim if self.num_heads else self.dim))
        if self.source_prior is not None:
            self.source_prior.build((None, None, self.size), (None, None))

    def call(self, inputs, training=None):
        return self._decode(*inputs, training)[0]

    def _decode(self, sources, targets, training=False):
        """Logits, and attention `(batch, steps, source steps)`."""
        memory, mask, summary = self.read(sources, training)
        x = self.drop(self.embed(self.target_table, targets), training=training)
        states = ops.split(self.first_state(summary), self.depth, axis=-1)
        for norm, gru, state in zip(self.norms, self.decoder, states, strict=False):
            x = gru(norm(x, summary), initial_state=state)
        return self._write(x, memory, mask, summary, sources, training)

    def stepper(self, sources, rows):
        """`(step, state, source mask)` for the searches of `ops`, with `rows` hypotheses a source: see `ops.beam_search`.

        A step costs the same however long the output is already.
        """
        memory, mask, summary = self.read(sources, False)
        state = ops.split(self.first_state(summary), self.depth, axis=-1)
        repeated = [ops.repeat(x, rows, axis=0) for x in (memory, mask, summary, sources)]

        def step(last, states):
            memory, mask, summary, sources = repeated
            x, new = self.embed(self.target_table, last), []
            for norm, gru, state in zip(self.norms, self.decoder, states, strict=False):
                x, state = gru.cell(norm(x[:, None], summary)[:, 0], [state])
                new.append(state[0] if isinstance(state, (list, tuple)) else state)
            logits, weights = self._write(x[:, None], memory, mask, summary, sources, False)
            return logits[:, 0], new, weights[:, 0]

        return step, list(state), mask

    def search(self, sources, steps, beams, seed, options):
        """`(tokens, scores)` of `ops.beam_search`, or, where `beams` is None, of `ops.sample_sequences`."""
        options = {"allowed": self.allowed(), **options}
        with_attention, state, mask = self.stepper(sources, beams or options.get("samples", 1))

        def step(last, state):
            return with_attention(last, state)[:2]

        start = ops.full_like(sources[:, 0], self.start)
        if beams is None:
            return sample_sequences(step, state, start, steps, self.end, seed=seed, **options)
        if options.get("coverage_penalty"):
            options["source_mask"], step = mask, with_attention
        return beam_search(step, state, start, steps, self.end, beams, **options)

    def attention_of(self, source, target):
        """The attention to each token of a source that each token of a target was written with, NumPy `(target, source)`."""
        _, weights = self._decode(self.encode([source]), self.encode_targets([target])[0])
        return ops.convert_to_numpy(weights)[0, : len(target), : len(source)]

    def _write(self, x, memory, mask, summary, sources, training):
        """Logits of decoder states, and the attention that they paid, the mean over heads."""
        x, weights = self.norms[-1](x, summary), ops.cast(mask, x.dtype)[:, None]
        if self.attention is not None:
            read, weights = self.attention(x, memory, attention_mask=mask[:, None], return_attention_scores=True)
            weights = ops.mean(weights, axis=1)
            x = ops.concatenate([x, read], axis=-1)
        logits = self.score(self.drop(self.features(x), training=training))
        return (logits if self.source_prior is None else self.source_prior(logits, sources)), weights

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads, "prior": self.prior}
