"""From texts to the entities that they speak of, with knowledge base and vocabulary in one file."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from keras_blog.layers import CandidatePrior, CrossMatch, HalfPointer, SpanMean
from keras_blog.layers.span_mean import inside_spans
from keras_blog.models.knowledge_base import KnowledgeBase, longest
from keras_blog.models.linker_thresholds import best_thresholds
from keras_blog.models.text_tokens import token_span, tokens
from keras_blog.models.vocabulary import PADDING, UNKNOWN, Vocabulary, multiple, vocabulary_of
from keras_blog.models.word_encoder import word_encoder


class Link(NamedTuple):
    """A mention in a text, `text[start:end]`, the id of its entity or `None`, and the probability of that."""

    start: int
    end: int
    entity: str | None
    score: float


@keras.saving.register_keras_serializable("keras_blog")
class EntityLinker(keras.Model):
    """Finds the names in a text that are mentions, and which of the entities of that name is meant, if any.

    A dictionary finds all names, one pass over the text. Half pointers say which of them are mentions: where one begins, and
    where one ends. Then the text is compared with the description of every entity of that name, as a whole and word by word;
    the share of the entity among all things of that name is added as a bias, and "none of them" competes as well. ::

        linker = EntityLinker(entities, EntityLinker.vocabulary_of(texts, entities))
        pointers, links = losses.MultilabelSoftmax(), keras.losses.SparseCategoricalCrossentropy(True, ignore_class=-1)
        linker.compile("adam", loss={"pointers": pointers, "entities": links})
        linker.fit(LinkedBatches(linker, texts, mentions), epochs=5)
        linker.link("Java is an island")  # [Link(start=0, end=4, entity='Q3757', score=0.97)]

    Args:
        entities: dicts with `id`, `names` and `description`; see `datasets.entities`.
        vocabulary: the tokens that have an embedding, folded, without duplicates; every other one is unknown.
        encoder: any built Keras model from int ids `(batch, steps)`, 0 at padding, 1 unknown, to features `(batch, steps,
            dim)`, for texts and descriptions alike; `word_encoder(len(vocabulary) + 2)` by default.
        units: size of the comparison.
        dropout: share of what the encoder gives that is dropped in training, and of the comparison.
        description_length: tokens that are read of a description.
        most_candidates: entities of a name that are looked at, the likeliest.
        thresholds: a name is a mention if its begin and its end score more than the first; it is none of the candidates if
            that is more probable than the second. `calibrate` finds both.

    Call arguments:
        inputs: a dict as `rows` makes it.

    Returns:
        A dict: `pointers`, logits of begins and ends, shape `(batch, 2, steps)`; `entities`, logits of none and of each
        candidate, shape `(batch, 1 + candidates)`.

    References:
        Article: kexue.fm 6919
    """

    def __init__(self, entities, vocabulary, encoder=None, units=64, dropout=0.3, description_length=24, most_candidates=32,
                 thresholds=(0.0, 0.5), **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        for name, value in (("description_length", description_length), ("most_candidates", most_candidates)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65536:
                raise ValueError(f"`{name}` must be an int from 1 to 65536; received {value!r}")
        if len(thresholds) != 2 or not np.isfinite(thresholds).all():
            raise ValueError(f"`thresholds` must be two finite numbers; received {thresholds}")
        self.knowledge, self.vocabulary = KnowledgeBase(entities), list(vocabulary)
        self._tokens = Vocabulary(self.vocabulary)
        self.encoder = word_encoder(len(self._tokens)) if encoder is None else encoder
        self.units, self.dropout, self.thresholds = units, dropout, tuple(map(float, thresholds))
        self.description_length, self.most_candidates = description_length, most_candidates
        self.drop = keras.layers.Dropout(dropout, name="drop")
        self.pointer = HalfPointer(units, name="pointer")
        self.span = SpanMean(name="span")
        self.match = CrossMatch(units, name="match")
        self.tower = keras.layers.Dense(units, name="tower")
        self.compared = keras.layers.Dense(units, activation="relu", name="compared")
        self.score = keras.layers.Dense(1, name="score")
        self.prior = CandidatePrior(name="prior")
        self._descriptions = self._described()
        self.build()

    def build(self, input_shape=None):
        if self.built:  # a model out of a file is asked again
            return
        dim = self.encoder.compute_output_shape((None, 16))[-1]
        self.pointer.build((None, None, dim + 4))
        self.span.build((None, None, dim))
        self.match.build((None, None, None, dim), None, None)
        self.tower.build((None, dim))
        self.compared.build((None, None, 7 * self.units))
        self.score.build((None, None, self.units))
        self.prior.build((None, None))

    @staticmethod
    def vocabulary_of(texts, entities, min_count=2):
        """Tokens that occur at least `min_count` times in texts and descriptions, most frequent first."""
        whole = [*texts, *(entity["description"] for entity in entities)]
        return vocabulary_of(([token.key for token in tokens(text)] for text in whole), min_count)

    def call(self, inputs, training=None):
        ids, candidates = inputs["tokens"], inputs["candidates"]  # (b, t), (b, k, s)
        steps, width = ops.shape(ids)[1], ops.shape(candidates)[2]
        there = ops.not_equal(ids, PADDING)
        text = self.drop(self.encoder(ids, training=training), training=training)  # (b, t, d)
        flags = ops.cast(inputs["flags"], text.dtype)
        pointers = self.pointer(ops.concatenate([text, flags], axis=-1), mask=there)
        described = self.encoder(ops.reshape(candidates, (-1, width)), training=training)
        described = ops.reshape(described, (-1, ops.shape(candidates)[1], width, described.shape[-1]))
        described = self.drop(described, training=training)  # (b, k, s, d)
        words = ops.not_equal(candidates, PADDING)
        # The mention itself is in every description, so it tells nothing.
        around = ops.logical_and(there, ops.logical_not(inside_spans(inputs["spans"], steps)))
        same = ops.equal(ids[:, None, :, None], candidates[:, :, None, :])
        same = ops.logical_and(same, ops.logical_and(around, ids != UNKNOWN)[:, None, :, None])
        found = self.match(text[:, None], described, same, query_mask=there[:, None], value_mask=words)  # (b, k, 4 u)
        weight = ops.cast(words, described.dtype)[..., None]
        whole = ops.sum(described * weight, axis=2) / ops.maximum(ops.sum(weight, axis=2), 1)
        mention = self.tower(self.span(text, inputs["spans"]))[:, None]  # (b, 1, u)
        whole = self.tower(whole)  # (b, k, u)
        mention = mention + ops.zeros_like(whole)
        compared = self.compared(ops.concatenate([found, mention, whole, mention * whole], axis=-1))
        scores = self.score(self.drop(compared, training=training))[..., 0]
        return {
            "pointers": pointers,
            "entities": self.prior(scores, inputs["log_prior"], mask=ops.any(words, axis=-1)),
        }

    def rows(self, texts, spans, candidates, width=None):
        """The input: in each row a text as `tokens` found it, a span in tokens, rows of candidates and logs of their shares."""
        out = {"tokens": self._tokens.encode([[token.key for token in text] for text in texts], multiple(of=16))}
        size, steps = out["tokens"].shape
        width = width or max((len(rows) for rows, _ in candidates), default=1)
        out["flags"] = np.zeros((size, steps, 4), "int32")
        for flags, text in zip(out["flags"], texts, strict=True):
            matches = self.knowledge.matches(text)
            for column, found in ((0, matches), (2, longest(matches))):
                for start, end in found:
                    flags[start, column] = flags[end - 1, column + 1] = 1
        out["spans"] = np.array(spans, "int32").reshape(-1, 2)
        out["candidates"] = np.zeros((size, width, self.description_length), "int32")
        out["log_prior"] = np.zeros((size, width), "float32")
        for i, (rows, shares) in enumerate(candidates):
            out["candidates"][i, : len(rows)] = self._descriptions[rows]
            out["log_prior"][i, : len(rows)] = shares
        return out

    def pointers(self, texts, batch_size=64):
        """Of each text `[((start, end), score), ...]`, one a name in it: offsets, and the lesser score of begin and end."""
        out = [[] for _ in texts]
        found = [tokens(text) for text in texts]
        order = sorted((i for i in range(len(texts)) if found[i]), key=lambda i: len(found[i]))
        for at in range(0, len(order), batch_size):
            some = order[at : at + batch_size]
            logits = self._run([found[i] for i in some], [(0, 0)] * len(some), [_NOTHING] * len(some))["pointers"]
            for i, (begins, ends) in zip(some, logits, strict=True):
                out[i] = [((found[i][first].start, found[i][last - 1].end), float(min(begins[first], ends[last - 1])))
                          for first, last in self.knowledge.matches(found[i])]  # fmt: skip
        return out

    def rank(self, texts, spans, batch_size=64):
        """Probabilities of the entities of a span `(start, end)` of each text: `[(id, p), ...]`, best first; `None` is none."""
        found = [tokens(text) for text in texts]
        places = [token_span(*row) for row in zip(texts, found, spans, strict=True)]
        candidates = [self._candidates(text[start:end]) for text, (start, end) in zip(texts, spans, strict=True)]
        out = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: (len(candidates[i][0]) > 8, len(found[i])))
        for at in range(0, len(order), batch_size):
            some = order[at : at + batch_size]
            logits = self._run(*([part[i] for i in some] for part in (found, places, candidates)))["entities"]
            for i, row in zip(some, logits.astype("float64"), strict=True):
                row = row[: 1 + len(candidates[i][0])]
                shares = np.exp(row - row.max())
                ids = [None, *(self.knowledge.entities[entity]["id"] for entity in candidates[i][0])]
                pairs = zip(ids, (shares / shares.sum()).tolist(), strict=True)
                out[i] = sorted(pairs, key=lambda pair: -pair[1])
        return out

    def link(self, texts, overlap=False):
        """The mentions of a text, a list of `Link` objects in their order; of a list of texts a list of such lists.

        Args:
            texts: a string, or a list of strings.
            overlap: whether mentions may overlap and nest; else the highest score has its place first.

        Raises:
            ValueError: if it is neither.
        """
        if isinstance(texts, str):
            return self.link([texts], overlap)[0]
        if not isinstance(texts, (list, tuple)):
            raise ValueError(f"`texts` must be a string or a list of strings; received {type(texts).__name__}")
        spans = [(i, span) for i, found in enumerate(self.pointers(texts)) for span in self._chosen(found, overlap)]
        out = [[] for _ in texts]
        for (i, span), ranked in zip(spans, self.rank([texts[i] for i, _ in spans], [s for _, s in spans]), strict=True):
            none = dict(ranked)[None]
            entity, score = (None, none) if none > self.thresholds[1] else next(pair for pair in ranked if pair[0])
            out[i].append(Link(*span, entity, score))
        return out

    def calibrate(self, texts, mentions):
        """Set both thresholds to the best for texts that were not trained on; see `models.linker_thresholds`."""
        self.thresholds = best_thresholds(self, texts, mentions)

    def _chosen(self, found, overlap):
        found = [pair for pair in found if pair[1] > self.thresholds[0]]
        kept = []
        for (start, end), _ in sorted(found, key=lambda pair: (-pair[1], pair[0][0], -pair[0][1])):
            if overlap or all(end <= other or start >= stop for other, stop in kept):
                kept.append((start, end))
        return sorted(kept)

    def get_config(self):
        names = ("vocabulary", "units", "dropout", "description_length", "most_candidates", "thresholds")
        own = {name: getattr(self, name) for name in names}
        encoder = keras.saving.serialize_keras_object(self.encoder)
        return {**super().get_config(), **own, "entities": self.knowledge.entities, "encoder": encoder}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "encoder": keras.saving.deserialize_keras_object(config["encoder"])})

    def _described(self):
        """Ids of the descriptions, `(entities, description_length)`; of an empty one, one unknown token."""
        texts = [[token.key for token in tokens(entity["description"])] or [""] for entity in self.knowledge.entities]
        return self._tokens.encode(texts, lambda longest: self.description_length, self.description_length)

    def _candidates(self, name):
        return tuple(part[: self.most_candidates] for part in self.knowledge.candidates(name))

    def _run(self, texts, spans, candidates):
        """The outputs for these rows, NumPy; of few shapes, so that a compiled model meets few."""
        size = 8 if len(texts) <= 8 else -(-len(texts) // 64) * 64
        width = 8 if max(len(rows) for rows, _ in candidates) <= 8 else self.most_candidates
        inputs = self.rows(texts, spans, candidates, width)
        inputs = {name: np.pad(x, [(0, size - len(x))] + [(0, 0)] * (x.ndim - 1)) for name, x in inputs.items()}
        outputs = self.predict_on_batch(inputs)
        return {name: ops.convert_to_numpy(x)[: len(texts)] for name, x in outputs.items()}


_NOTHING = np.zeros(0, "int32"), np.zeros(0, "float32")
