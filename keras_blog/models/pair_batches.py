"""Batches of texts and what they become."""

from keras_blog.models.length_batches import LengthBatches


class PairBatches(LengthBatches):
    """Batches of `((sources, targets), labels)` for `Seq2Seq.fit`: pairs of similar length together, in random order.

    See `models.length_batches` for their order.

    Args:
        model: a `Seq2Seq`.
        sources: strings or lists of tokens.
        targets: as many strings or lists of tokens.
        batch_size: pairs in a batch.
        shuffle: whether to draw an order; else shortest first.

    Raises:
        ValueError: if there are not as many targets as sources, or none.
    """

    def __init__(self, model, sources, targets, batch_size=64, shuffle=True):
        sources, targets = list(sources), list(targets)
        if len(sources) != len(targets) or not sources:
            raise ValueError(
                f"`targets` must be one a source, at least one; received {len(targets)} for {len(sources)} sources"
            )
        super().__init__([(*pair[0], *pair[1]) for pair in zip(sources, targets, strict=True)], batch_size, shuffle)
        self.model, self.sources, self.targets = model, sources, targets

    def __getitem__(self, index):
        some = self.part(index)
        targets, labels = self.model.encode_targets([self.targets[i] for i in some])
        return (self.model.encode([self.sources[i] for i in some]), targets), labels
