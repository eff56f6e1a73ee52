"""Batches of texts with linked mentions."""

import numpy as np

from keras_blog.models.length_batches import LengthBatches
from keras_blog.models.text_tokens import token_span, tokens


class LinkedBatches(LengthBatches):
    """Batches of `(inputs, labels)` for `EntityLinker.fit`: a row a mention, with the candidates of its name.

    See `models.length_batches` for their order. A name that no mention covers is a wrong one for the pointers; steps where no
    name begins or ends do not count. Of a row without its entity among the candidates, "none of them" is right: where the
    entity is `None`, where it has another name in the knowledge base, and where it was hidden, so that a model learns what
    "none" is where no text says so. In texts without a mention only the pointers learn.

    Args:
        linker: an `EntityLinker`.
        texts: strings.
        mentions: of each a list of `(start, end, entity)`, offsets in characters, entity an id or `None`.
        batch_size: rows in a batch.
        candidates: of a row; of a name with more of them the right one and others drawn anew each time.
        hidden: share of the rows that hide their entity.
        shuffle: whether to draw an order, and what is hidden; else shortest first, and nothing is.

    Raises:
        ValueError: if there are not as many lists of mentions as texts, an entity is not in the knowledge base, or a span
            touches no word.
    """

    def __init__(self, linker, texts, mentions, batch_size=64, candidates=8, hidden=0.1, shuffle=True):
        if len(texts) != len(mentions) or not len(texts):
            raise ValueError(f"`mentions` must be a list a text, at least one; received {len(mentions)} for {len(texts)} texts")
        if not 0 <= hidden < 1 or candidates < 1:
            raise ValueError(f"`hidden` must be in [0, 1) and `candidates` at least 1; received {hidden} and {candidates}")
        self.linker, self.candidates, self.hidden = linker, candidates, hidden
        self._rows = []  # (tokens, all spans, span, entity)
        for text, found in zip(texts, mentions, strict=True):
            words = tokens(text)
            spans = [token_span(text, words, mention[:2]) for mention in found]
            for mention, span in zip(found, spans, strict=True):
                if mention[2] is not None and mention[2] not in linker.knowledge.rows:
                    raise ValueError(f"`mentions` must be of entities of the knowledge base, or None; received {mention[2]!r}")
                self._rows.append((words, spans, span, (text[mention[0] : mention[1]], mention[2])))
            if words and not found:
                self._rows.append((words, (), (0, 0), None))
        super().__init__([row[0] for row in self._rows], batch_size, shuffle)

    def __getitem__(self, index):
        rows = [self._rows[i] for i in self.part(index)]
        drawn = [self._draw(mention) for *_, mention in rows]
        texts, every, spans = ([row[i] for row in rows] for i in range(3))
        inputs = self.linker.rows(texts, spans, [pair for pair, _ in drawn], self.candidates)
        pointers = np.full((len(rows), 2, inputs["tokens"].shape[1]), -1.0, "float32")
        for label, flags, spans in zip(pointers, inputs["flags"], every, strict=True):
            label[flags[:, :2].T > 0] = 0
            for start, end in spans:
                label[0, start] = label[1, end - 1] = 1
        return inputs, {"pointers": pointers, "entities": np.array([label for _, label in drawn], "int32")}

    def _draw(self, mention):
        """`((rows, logs of shares), label)` of a mention; the label counts from 1, 0 is none, -1 leaves the row out."""
        if mention is None:
            return (np.zeros(0, "int32"), np.zeros(0, "float32")), -1
        rows, shares = self.linker.knowledge.candidates(mention[0])
        own = np.flatnonzero(rows == self.linker.knowledge.rows.get(mention[1], -1))
        others = np.flatnonzero(rows != self.linker.knowledge.rows.get(mention[1], -1))
        if self.shuffle and np.random.random() < self.hidden:
            own = own[:0]
        room = self.candidates - len(own)
        if len(others) > room:
            others = np.random.choice(others, room, replace=False) if self.shuffle else others[:room]
        kept = np.sort(np.concatenate([own, others]))
        label = 1 + int(np.searchsorted(kept, own[0])) if len(own) else 0
        return (rows[kept], shares[kept]), label
