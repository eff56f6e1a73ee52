"""What the recipes that train writers share."""

import keras

from keras_blog import models
from keras_blog.recipes.training import resumed_fit


def fit(model, pairs, options, settings, path):
    """Train a `TextWriter` on `(sources, targets)`; the backup of its state is at `path`, and is returned."""
    model.build()
    batches = models.PairBatches(model, *pairs, options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * len(batches), alpha=0.02)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss=loss)
    return resumed_fit(model, batches, path=path, settings=settings, fresh=options.fresh, epochs=options.epochs, verbose=2)
