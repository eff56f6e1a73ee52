"""What the recipes that train writers share: one training, and the file of its model."""

import keras

from keras_blog import callbacks, models
from keras_blog.recipes.run_folder import whole


def fit(model, pairs, options, settings, path):
    """Train a `TextWriter` on `(sources, targets)`; the backup of its state is at `path`, and is returned."""
    model.build()
    batches = models.PairBatches(model, *pairs, options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * len(batches), alpha=0.02)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss=loss)
    backup = callbacks.ExactResume(path, settings=settings)
    if options.fresh:
        backup.clear()
    done = backup.restore(model)
    if done:
        print(f"continuing after epoch {done} of {options.epochs}, found in {path.parent}")
    model.fit(batches, epochs=options.epochs, initial_epoch=done, callbacks=[backup], verbose=2)
    return backup


def save(model, path):
    """The model as a file, without what training needs: it has a third of the size."""
    copy = type(model).from_config(model.get_config())
    copy.build()
    copy.set_weights(model.get_weights())
    with whole(path) as unfinished:
        copy.save(unfinished)


def settings_of(options, ignored):
    """What must be the same for a run to go on after an interruption."""
    ignored = {"out", "fresh", "command", "recipe", *ignored}
    return {key: str(value) for key, value in sorted(vars(options).items()) if key not in ignored}
