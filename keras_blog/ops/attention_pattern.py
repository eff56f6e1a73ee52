"""Which key a query sees, said once: for the dense mask, for the tiles that are computed, and for decoding."""

from dataclasses import dataclass

from keras_blog.ops.attention_tiles import Band, Block, Everything, First, Residue, Summary


@dataclass(frozen=True)
class Pattern:
    """A union of what its arguments allow; `local`, `atrous`, `strided` and `fixed` name the usual ones.

    Args:
        window: keys nearer than `window` steps, the query's own included.
        rate: keys a multiple of `rate` steps away.
        block: keys in the same block of `block` steps.
        summary: with `block`, also the last `summary` steps of every block.
        causal: no key after the query.
        global_tokens: the first steps, so many, see all and are seen by all.

    Raises:
        ValueError: if an argument is not a positive int, or a query would not see itself.
    """

    window: int | None = None
    rate: int | None = None
    block: int | None = None
    summary: int | None = None
    causal: bool = False
    global_tokens: int = 0

    def __post_init__(self):
        for name in ("window", "rate", "block", "summary"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 2**31):
                raise ValueError(f"`{name}` must be a positive int; received {value!r}")
        if not isinstance(self.global_tokens, int) or isinstance(self.global_tokens, bool) or self.global_tokens < 0:
            raise ValueError(f"`global_tokens` must be an int, 0 or more; received {self.global_tokens!r}")
        if not isinstance(self.causal, bool):
            raise ValueError(f"`causal` must be a bool; received {self.causal!r}")
        if self.window is self.rate is self.block is None:
            raise ValueError("a pattern needs `window`, `rate` or `block`, so that a step sees itself; received none of them")
        if self.rate is not None and self.block is not None:
            raise ValueError(f"a pattern takes `rate` or `block`, not both; received rate {self.rate} and block {self.block}")
        if self.summary is not None and (self.block is None or self.summary > self.block):
            raise ValueError(f"`summary` must be at most `block`; received {self.summary} with block {self.block}")

    @property
    def clauses(self):
        """The clauses of the union, in the order in which they claim a pair; the global tokens come first."""
        clauses = [First(self.global_tokens)] if self.global_tokens else []
        clauses += [Band(self.window, self.causal)] if self.window else []
        clauses += [Block(self.block)] if self.block else []
        clauses += [Residue(self.rate, self.causal)] if self.rate else []
        clauses += [Summary(self.block, self.summary)] if self.summary else []
        return clauses + ([Everything(self.global_tokens)] if self.global_tokens and not self.causal else [])

    def allows(self, i, j):
        """Whether query `i` sees key `j`; int arrays or tensors that broadcast."""
        seen = self._in(self.clauses, i, j)
        return seen & (j <= i) if self.causal else seen

    def claimed(self, clause, i, j):
        """Whether the pair is allowed, and `clause` is the first clause to allow it."""
        clauses = self.clauses
        own = clause.allows(i, j)
        earlier = clauses[: clauses.index(clause)]
        own = own & ~self._in(earlier, i, j) if earlier else own
        return own & (j <= i) if self.causal else own

    @staticmethod
    def _in(clauses, i, j):
        seen = clauses[0].allows(i, j)
        for clause in clauses[1:]:
            seen = seen | clause.allows(i, j)
        return seen
