"""A training that survives an interruption, and what it leaves behind: the model, the figures."""

import json

import keras

from keras_blog.callbacks import ExactResume
from keras_blog.recipes.run_folder import whole, write_json


def resumed_fit(model, *data, path, settings, fresh, epochs, callbacks=(), remembering=(), **arguments):
    """`model.fit`, kept at `path` after every epoch and taken up from there.

    Args:
        model: built and compiled.
        data: of `fit`.
        path: of the state, which the caller clears when the run folder is whole.
        settings: what must be the same for a run to go on, see `run_options.settings_of`.
        fresh: forget what is at `path`.
        epochs, callbacks, arguments: of `fit`.
        remembering: callbacks more, whose memory is kept too, as `keras.callbacks.EarlyStopping`.

    Returns:
        The `ExactResume`, with the history of all epochs.
    """
    backup = ExactResume(path, settings, remembering)
    if fresh:
        backup.clear()
    done = backup.restore(model)
    if done:
        print(f"continuing after epoch {done} of {epochs}, found in {path}")
    model.fit(*data, epochs=epochs, initial_epoch=done, callbacks=[*callbacks, *remembering, backup], **arguments)
    return backup


def write_model(path, model):
    """The model without its optimizer: with that of Adam the file would be three times as large."""
    copy = type(model).from_config(model.get_config())
    config = json.loads(json.dumps(model.get_build_config()))  # as out of a file: Keras's own dict is no plain one
    copy.build_from_config(config)
    copy.set_weights(model.get_weights())
    copy.built = True  # Keras builds it without saying so
    with whole(path) as unfinished:
        copy.save(unfinished)


def write_metrics(path, settings, **figures):
    """The figures of a run, its settings, and the software that it ran on."""
    software = {"backend": keras.config.backend(), "keras": keras.version()}
    write_json(path, {**figures, "settings": settings, **software})
