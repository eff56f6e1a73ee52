"""Above which score a name is a mention, and above which probability it is none of its candidates."""

import numpy as np


def best_thresholds(linker, texts, mentions):
    """Both thresholds of an `EntityLinker`, from texts that it was not trained on.

    The first is that of the highest F1 of names as mentions. The second has the fewest errors between "some candidate" and
    "none"; if no text says "none", each right candidate is taken away once, and half of the cases are "none".

    Args:
        linker: an `EntityLinker`.
        texts: strings.
        mentions: of each a list of `(start, end, entity)`.

    Returns:
        `(score in nats, probability)`.

    Raises:
        ValueError: if there is no mention.
    """
    flat = [(text, *mention) for text, found in zip(texts, mentions, strict=True) for mention in found]
    if not flat:
        raise ValueError("`mentions` must hold at least one; received none")
    spans = [{mention[:2] for mention in found} for found in mentions]
    scored = [(score, span in own) for found, own in zip(linker.pointers(texts), spans, strict=True) for span, score in found]
    scores, right = (np.array(column) for column in zip(*scored, strict=True)) if scored else (np.zeros(1), np.zeros(1))
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    at = int(np.argmax(2 * hits / (np.arange(1, len(hits) + 1) + len(flat))))  # F1 of the first so many
    after = scores[order[at + 1]] if at + 1 < len(order) else scores[order[at]] - 1.0
    none = none_probabilities(linker.rank([row[0] for row in flat], [row[1:3] for row in flat]), [row[3] for row in flat])
    cuts = np.unique(np.concatenate(none))
    errors = [np.searchsorted(np.sort(none[1]), cuts, side="right"), (np.sort(none[0])[:, None] > cuts).sum(0)]
    return float((scores[order[at]] + after) / 2), float(cuts[np.argmin(errors[0] + errors[1])])


def none_probabilities(ranked, entities):
    """Probabilities of none, where a candidate is right and where none is, of lists as `EntityLinker.rank` makes them.

    If `entities` has no `None`, those without the right candidate are the second: it takes its probability along.
    """
    none = np.array([dict(row)[None] for row in ranked])
    real = np.array([entity is not None for entity in entities])
    if not real.all():
        return none[real], none[~real]
    right = np.array([dict(row).get(entity, 0.0) for row, entity in zip(ranked, entities, strict=True)])
    return none, none / np.maximum(1 - right, none + 1e-300)
