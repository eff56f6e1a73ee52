"""The searches of models that write texts, compiled."""

import keras


class TextSearch(keras.Model):
    """A search over a `TextWriter`, whose `predict_on_batch` Keras compiles once for each shape.

    Args:
        model: the `TextWriter`.
        steps: most tokens of an output.
        beams: of the beam search, or None to draw.
        options: of the search.

    Call arguments:
        inputs: int ids of sources, shape `(batch, steps)`.

    Returns:
        `(tokens, scores)` of the search.
    """

    def __init__(self, model, steps, beams, options):
        super().__init__()
        self.model, self.steps, self.beams, self.options = model, steps, beams, dict(options)
        seed = self.options.pop("seed", None)  # an int starts a generator, so that no two calls draw the same
        self.seed = seed if isinstance(seed, keras.random.SeedGenerator) else keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        pass

    def call(self, inputs):
        return self.model.search(inputs, self.steps, self.beams, self.seed, self.options)


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
