"""The searches of `ops`, compiled over a model that goes from texts to texts."""

import keras

from keras_blog.ops import beam_search, sample_sequences


class TextSearch(keras.Model):
    """A search over `model` whose `predict_on_batch` Keras compiles once for each shape.

    Args:
        model: has `stepper(source, rows) -> (step, state, source mask)`, for `rows` hypotheses a source, and the ids
            `start`, `end` and `never`, a list of ids that are no output.
        steps: most tokens of an output.
        beams: of the beam search, or None to draw.
        options: of `ops.beam_search` or `ops.sample_sequences`.

    Call arguments:
        inputs: int ids of sources, shape `(batch, steps)`.

    Returns:
        `(tokens, scores)` of the search.
    """

    def __init__(self, model, steps, beams, options):
        super().__init__()
        self.model, self.steps, self.beams, self.options = model, steps, beams, dict(options)
        self.seed = keras.random.SeedGenerator(self.options.pop("seed", None))  # so that no two calls draw the same

    def build(self, input_shape):
        pass

    def call(self, inputs):
        options = {"allowed": [i not in self.model.never for i in range(self.model.size)], **self.options}
        start = keras.ops.full_like(inputs[:, 0], self.model.start)
        rows = self.beams if self.beams else options.get("samples", 1)
        with_attention, state, mask = self.model.stepper(inputs, rows)

        def step(last, state):
            return with_attention(last, state)[:2]

        if self.beams is None:
            return sample_sequences(step, state, start, self.steps, self.model.end, seed=self.seed, **options)
        if options.get("coverage_penalty"):
            options["source_mask"], step = mask, with_attention
        return beam_search(step, state, start, self.steps, self.model.end, self.beams, **options)


class Searches:
    """The compiled searches of a model. A plain object, for Keras would save what a model holds in a dict."""

    def __init__(self):
        self._found = {}

    def of(self, model, steps, beams, options):
        """The search with these settings, made when it is first asked for."""
        key = (steps, beams, *sorted(options.items()))
        if key not in self._found:
            self._found[key] = TextSearch(model, steps, beams, options)
        return self._found[key]
