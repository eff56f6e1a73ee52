"""From texts to texts, written from both ends at once."""

import keras
import numpy as np
from keras import ops

from keras_blog.layers import BidirectionalDecoder
from keras_blog.models.text_writer import TextWriter
from keras_blog.models.vocabulary import padded
from keras_blog.ops import bidirectional_beam_search, paired_beam_search


@keras.saving.register_keras_serializable("keras_blog")
class BidirectionalSeq2Seq(TextWriter):
    """Writes a text for a text from the left and from the right, each side reading what the other has written by then.

    The loss is the mean over both sides; the search gives half of its beam to each, and the better output wins. ::

        model = BidirectionalSeq2Seq(letters, phonemes)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1))
        model.fit(PairBatches(model, words, pronunciations), epochs=10)
        model.generate(["keras"], beams=4)

    Args:
        source_vocabulary: the tokens that are known in sources.
        target_vocabulary: the tokens that outputs are made of; None if they are those of the sources, and share embeddings.
        dim: size of embeddings and states.
        depth: GRUs of the encoder, and decoder blocks.
        num_heads: of the attention, a divisor of `dim`.
        fusion: of `layers.BidirectionalDecoder`.
        future_weight: of `layers.BidirectionalDecoder`; with 0 and `fusion="tanh"` the sides know nothing of each other.
        prior: the scale that `layers.SourcePrior` starts with, which needs one vocabulary for both sides; True is 1, the
            article's; False is none.
        dropout: share of embeddings and features that is dropped in training.
        max_source: tokens of a source that are read; the rest is cut off.
        seed: int; of the dropouts.
        tied: whether one table embeds the outputs and scores them; else the positions outweigh the tokens at first.

    Call arguments:
        inputs: `(sources, targets)`, int ids `(batch, source steps)` and `(batch, 2, steps)`, as `PairBatches` makes them.

    Returns:
        Logits of the tokens that follow, shape `(batch, 2, steps, size)`.

    References:
        Article: kexue.fm 6877
        Paper: Zhou, Zhang, Zong, Synchronous Bidirectional Neural Machine Translation, arXiv:1905.04847
    """

    def __init__(
        self,
        source_vocabulary,
        target_vocabulary=None,
        dim=128,
        depth=2,
        num_heads=4,
        fusion="tanh",
        future_weight=0.1,
        prior=False,
        dropout=0.1,
        max_source=400,
        seed=None,
        tied=False,
        **kwargs,
    ):
        super().__init__(source_vocabulary, target_vocabulary, 2, dim, depth, dropout, max_source, seed, tied, **kwargs)
        if not isinstance(num_heads, int) or isinstance(num_heads, bool) or num_heads < 1 or dim % num_heads:
            raise ValueError(f"`num_heads` must be a divisor of `dim`, {dim}; received {num_heads!r}")
        self.num_heads, self.fusion, self.future_weight, self.prior = num_heads, fusion, future_weight, prior
        self.blocks = [
            BidirectionalDecoder(num_heads, dim // num_heads, 2 * dim, fusion, future_weight, dropout, seed, name=f"block_{i}")
            for i in range(depth)
        ]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")
        # Blocks add to the last token's embedding: scored by the same table as it is, that token would be written again.
        self.features = keras.layers.Dense(dim, name="features") if tied else keras.layers.Identity(name="features")
        self.source_prior = self.prior_of(prior)

    def build(self, input_shape=None):
        super().build()
        for block in self.blocks:
            block.build((None, 2, None, self.dim), (None, None, self.dim))
        self.norm.build((None, None, None, self.dim))
        self.features.build((None, None, None, self.dim))
        if self.source_prior is not None:
            self.source_prior.build((None, None, self.size), (None, None))

    def call(self, inputs, training=None):
        sources, targets = inputs
        memory, mask, _ = self.read(sources, training)
        x = self.embed(self.target_table, targets)
        x = self.drop(x + _positions(ops.shape(targets)[2], self.dim, x.dtype), training=training)
        for block in self.blocks:
            x = block(x, memory, memory_mask=mask, training=training)
        logits = self.score(self.features(self.norm(x)))
        if self.source_prior is None:
            return logits
        shape = ops.shape(logits)
        return ops.reshape(self.source_prior(ops.reshape(logits, (shape[0], -1, self.size)), sources), shape)

    def stepper(self, sources, steps, half):
        """`(step, state, source mask)` for the searches from both ends, with `half` rows a direction."""
        memory, source_mask, _ = self.read(sources)
        remembered = [block.remember(memory, 2 * half) for block in self.blocks]
        mask, rows = (ops.repeat(x, 2 * half, axis=0) for x in (source_mask, sources))
        positions = _positions(steps, self.dim, memory.dtype)
        caches = [block.initial_cache(2 * ops.shape(sources)[0], steps) for block in self.blocks]

        def step(last, state):
            t, caches = state
            x = (self.embed(self.target_table, last) + ops.take(positions, t, axis=0))[:, None]
            new = []
            for block, cache, memory in zip(self.blocks, caches, remembered, strict=True):
                x, cache, attention = block.decode(x, cache, t, memory, mask, half)
                new.append(cache)
            logits = self.score(self.features(self.norm(x)))[:, 0]
            return logits if self.source_prior is None else self.source_prior(logits, rows), (t + 1, new), attention

        return step, (ops.zeros((), "int32"), caches), source_mask

    def search(self, sources, steps, beams, seed, options):
        """`(tokens, scores)` of `ops.bidirectional_beam_search`, or, with the option `paired`, of `ops.paired_beam_search`."""
        if beams is None:
            raise ValueError("`beams` must be an int, for outputs written from both ends are not drawn; received None")
        options = {"allowed": self.allowed(), **options}
        paired = options.pop("paired", False)
        with_attention, state, mask = self.stepper(sources, steps, beams**2 if paired else beams // 2)

        def step(last, state):
            return with_attention(last, state)[:2]

        if options.get("coverage_penalty") and not paired:
            options["source_mask"], step = mask, with_attention
        start = ops.stack([ops.full_like(sources[:, 0], self.start + side) for side in range(2)], axis=1)
        search = paired_beam_search if paired else bidirectional_beam_search
        return search(step, state, start, steps, self.end, beams, **options)[:2]

    def encode_targets(self, texts):
        """`(inputs, labels)` of outputs, both directions in axis 1: see `TextWriter.encode_targets`."""
        rows = [self.target_tokens.ids(text) for text in texts]
        sides = (rows, [row[::-1] for row in rows])
        inputs = [padded([[self.start + side, *row] for row in rows], self.target_width) for side, rows in enumerate(sides)]
        labels = [padded([[*row, self.end] for row in rows], self.target_width, value=-1) for rows in sides]
        return np.stack(inputs, axis=1), np.stack(labels, axis=1)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("num_heads", "fusion", "future_weight", "prior")}
        return {**super().get_config(), **own}


def _positions(steps, dim, dtype):
    """Sines and cosines of the step number, shape `(steps, dim)`."""
    rates = (10000 ** (-np.arange(dim // 2) / (dim // 2))).astype("float32")
    angles = ops.cast(ops.arange(steps), "float32")[:, None] * rates
    return ops.cast(ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=1), dtype)
