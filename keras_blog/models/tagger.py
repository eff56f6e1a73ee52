"""A sequence tagger: an encoder and a CRF, with its vocabulary and tag names in one file."""

import itertools
from collections import Counter

import keras
import numpy as np

from keras_blog.layers import CRF, GatedConvolution, KnownBigrams
from keras_blog.models.length_batches import LengthBatches
from keras_blog.models.vocabulary import PADDING, Vocabulary, distinct, multiple, of_similar_length, padded, vocabulary_of
from keras_blog.ops import crf
from keras_blog.ops.tag_scheme import spans


@keras.saving.register_keras_serializable("keras_blog")
class Tagger(keras.Model):
    """Tags every token of a text: an encoder, scores of the tags, and a CRF that allows only what the tag scheme allows.

        tagger = Tagger(Tagger.vocabulary_of(sentences), tag_names, "BMES")
        tagger.compile("adam", loss=losses.CRFNegativeLogLikelihood())
        tagger.fit(TaggedBatches(tagger, sentences, tags), epochs=5)
        tagger.spans(["江泽民在北京"])  # [[(0, 3, 'PER'), (4, 6, 'LOC')]]

    Args:
        vocabulary: the tokens that have an embedding, without duplicates; every other token is unknown.
        tag_names: the tags in the order of their ids, as in `["O", "B-PER", "I-PER"]`.
        scheme: `"BIO"`, `"BIOES"` or `"BMES"`.
        encoder: any Keras model or layer from int ids `(batch, steps)`, 0 at padding, 1 unknown, to features
            `(batch, steps, dim)` with a mask; `character_encoder(len(vocabulary) + 2)` by default.
        lr_multiplier: how many times faster the transitions learn; see `layers.CRF`.

    Call arguments:
        inputs: int ids, shape `(batch, steps)`, as `encode` makes them.

    Returns:
        Packed potentials, see `ops.crf.pack`.

    References:
        Article: kexue.fm 5542
    """

    def __init__(self, vocabulary, tag_names, scheme, encoder=None, lr_multiplier=1.0, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary, self.tag_names, self.scheme = list(vocabulary), distinct("tag_names", tag_names), scheme
        self._tokens = Vocabulary(self.vocabulary)
        self.encoder = character_encoder(len(self._tokens)) if encoder is None else encoder
        self.scores = keras.layers.Dense(len(self.tag_names), name="scores")
        allowed = crf.allowed_transitions(self.tag_names, scheme)
        self.crf = CRF(len(self.tag_names), allowed=allowed, lr_multiplier=lr_multiplier, name="crf")
        self._tag_ids = {tag: i for i, tag in enumerate(self.tag_names)}

    vocabulary_of = staticmethod(vocabulary_of)

    @staticmethod
    def bigrams_of(sentences, vocabulary, min_count=2):
        """Pairs of neighbouring ids that occur at least `min_count` times, for `character_encoder`, shape `(pairs, 2)`."""
        tokens = Vocabulary(vocabulary)
        rows = ([PADDING, *tokens.ids(sentence)] for sentence in sentences)
        counts = Counter(pair for row in rows for pair in itertools.pairwise(row))
        return np.array(sorted(pair for pair, count in counts.items() if count >= min_count), "int32").reshape(-1, 2)

    def call(self, inputs, training=None):
        features = self.encoder(inputs, training=training)
        return self.crf(self.scores(features), mask=keras.ops.not_equal(inputs, PADDING))

    def encode(self, texts):
        """Int ids of texts, each a string (its characters are the tokens) or a list of tokens; zeros up to a common length.

        Lengths are rounded up to a multiple of 16, so that a compiled model meets few of them.
        """
        return self._tokens.encode(texts, multiple(of=16))

    def encode_tags(self, tags):
        """Int ids of lists of tag names, padded with -1 to the length that `encode` gives their texts."""
        unknown = sorted({tag for row in tags for tag in row} - self._tag_ids.keys())
        if unknown:
            raise ValueError(f"`tags` must be of {self.tag_names}; received {unknown}")
        return padded([[self._tag_ids[tag] for tag in row] for row in tags], multiple(of=16), value=-1)

    def predict(self, x, batch_size=64, **kwargs):
        """Tag names of raw texts, a list of lists; of anything but texts, potentials as `keras.Model.predict` gives them."""
        if not (isinstance(x, (list, tuple)) and all(isinstance(text, (str, list, tuple)) for text in x)):
            return super().predict(x, batch_size=batch_size, **kwargs)
        tags = [[] for _ in x]
        for some in of_similar_length(x, batch_size):
            ids = self.encode([x[i] for i in some])
            best, _ = crf.decode(self.predict_on_batch(ids))
            for i, row in zip(some, keras.ops.convert_to_numpy(best), strict=True):
                tags[i] = [self.tag_names[tag] for tag in row[: len(x[i])]]
        return tags

    def spans(self, texts, batch_size=64):
        """Spans of raw texts: a list of `[(start, end, type), ...]`, offsets in tokens, `end` exclusive."""
        return [spans(tags, self.scheme) for tags in self.predict(texts, batch_size)]

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary": self.vocabulary,
            "tag_names": self.tag_names,
            "scheme": self.scheme,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "lr_multiplier": self.crf.lr_multiplier,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "encoder": keras.saving.deserialize_keras_object(config["encoder"])})


class TaggedBatches(LengthBatches):
    """Batches of `(ids, tag ids)` for `Tagger.fit`: texts of similar length together, the batches in random order.

    See `models.length_batches` for their order. Texts without tokens are left out.

    Args:
        tagger: a `Tagger`.
        texts: strings or lists of tokens.
        tags: lists of tag names, one a token.
        batch_size: sequences in a batch.
        shuffle: whether to draw an order; else shortest first.

    Raises:
        ValueError: if a text and its tags differ in length.
    """

    def __init__(self, tagger, texts, tags, batch_size=64, shuffle=True):
        for i, (text, row) in enumerate(zip(texts, tags, strict=True)):
            if len(text) != len(row):
                raise ValueError(f"`tags` must be one a token; received {len(row)} for {len(text)} tokens at index {i}")
        kept = [i for i, text in enumerate(texts) if len(text)]
        self.tagger, self.texts, self.tags = tagger, [texts[i] for i in kept], [tags[i] for i in kept]
        super().__init__(self.texts, batch_size, shuffle)
        self.on_epoch_end()

    def __getitem__(self, index):
        some = self.part(index)
        return self.tagger.encode([self.texts[i] for i in some]), self.tagger.encode_tags([self.tags[i] for i in some])

    def on_epoch_end(self):
        # Between epochs the shortest batch comes first and the longest second: from these two TensorFlow learns, when `fit`
        # starts, that lengths differ.
        self._order = np.roll(np.arange(len(self)), 1)
        self._order[:2] = self._order[:2][::-1]


def character_encoder(vocabulary_size, dim=128, dilations=(1, 2, 4, 1), bigrams=None, dropout=0.5, seed=None):
    """Embeddings of characters and of their bigrams, then gated convolutions; from ids to features `(batch, steps, dim)`.

    Args:
        vocabulary_size: number of ids, padding (0) included.
        dim: size of the features.
        dilations: of the convolutions, one each.
        bigrams: pairs of ids that have an embedding of their own, as `Tagger.bigrams_of` counts them; none by default.
        dropout: share of the bigrams that is dropped in training; half of it of the features of embeddings and convolutions.
        seed: of the dropouts.

    Example:
    >>> encoder = character_encoder(100, dim=8, bigrams=[[2, 3], [3, 2]])
    >>> encoder.output_shape
    (None, None, 8)
    """
    ids = keras.Input((None,), dtype="int32", name="ids")
    x = keras.layers.Embedding(vocabulary_size, dim, mask_zero=True, name="characters")(ids)
    if bigrams is not None:
        pairs = KnownBigrams(bigrams, name="pairs")(ids)
        pairs = keras.layers.Embedding(len(bigrams) + 1, dim // 2, embeddings_initializer="zeros", name="bigrams")(pairs)
        # Whole bigrams are dropped, for they are easily learnt by heart; what is dropped looks like what is unknown.
        pairs = keras.layers.Dropout(dropout, noise_shape=(None, None, 1), seed=seed, name="dropped_bigrams")(pairs)
        x = keras.layers.Concatenate(name="both")([x, pairs])
    x = keras.layers.Dropout(dropout / 2, seed=seed, name="dropout")(x)
    x = keras.layers.Dense(dim, name="features")(x)
    for i, rate in enumerate(dilations):
        x = GatedConvolution(3, rate, dropout / 2, None if seed is None else seed + i + 1, name=f"convolution_{i}")(x)
    return keras.Model(ids, x, name="character_encoder")
