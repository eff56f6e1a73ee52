"""Continue an interrupted `fit` as if it had never stopped."""

import itertools
import json
import os
import pathlib
import random
import re
import sys

import keras
import numpy as np


class ExactResume(keras.callbacks.Callback):
    """Saves a training after every epoch, so that a killed run continues bit for bit.

    `keras.callbacks.BackupAndRestore` forgets the seeds of `Dropout` and its kin, so a resumed run differs from the
    unbroken one. This callback keeps in one file all that the next epochs depend on: every variable of the model with
    its seed generators, every variable of the optimizer, the logs of the finished epochs, and the random states of
    NumPy, Python and (on that backend) torch. The file is replaced atomically: a kill, at whatever moment, leaves the
    state of the last full epoch. Put this callback last: what a later one changes when an epoch ends is not saved.

    The order of the data must follow from these states too. With arrays, `fit(shuffle=True)` does so on JAX and torch,
    but on TensorFlow it heeds only `keras.utils.set_random_seed`: after the same call it is exact (every epoch then has
    the same order), otherwise not. A `keras.utils.PyDataset` with one worker is exact everywhere, also with a new order
    for each epoch::

        class Shuffled(keras.utils.PyDataset):
            def on_epoch_begin(self):
                self.order = np.random.permutation(self.samples)  # and once in __init__: fit looks at a batch first

    Not saved: what callbacks remember that are not handed over, the position in a generator, a `tf.data.Dataset` or
    under `steps_per_epoch`, and the state behind `keras.random` calls without a seed: it has no public name, so give
    an own layer a `keras.random.SeedGenerator`, as those of Keras have. An epoch cut short by `stop_training` counts as
    finished, and a run that was stopped early goes on if it is resumed.

    Args:
        path: the file, such as `"runs/ner/state.npz"`; its folder is made if need be.
        settings: dict of JSON values that a resumed run must share, such as hyperparameters.
            Leave out what may change, such as the number of epochs.
        callbacks: others of the same `fit` whose memory is saved too, such as `keras.callbacks.EarlyStopping` with its best
            weights, or `ReduceLROnPlateau`: attributes that have changed since `fit` began, numbers or lists of NumPy arrays.

    Raises:
        ValueError: if `settings` is not JSON; if `fit` does not start at the epoch that `restore` returned.

    Example:
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/state.npz"
    >>> x, y = np.ones((8, 3)), np.ones((8, 1))
    >>> for epochs in (2, 5):  # the second turn stands for a new process
    ...     model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    ...     model.compile("adam", "mse")
    ...     backup = ExactResume(path, settings={"rate": 0.5})
    ...     start = backup.restore(model)
    ...     log = model.fit(x, y, epochs=epochs, initial_epoch=start, callbacks=[backup], verbose=0)
    ...     print(start, len(log.history["loss"]), len(backup.history["loss"]))
    0 2 2
    2 3 5
    >>> backup.clear()  # the run is complete
    """

    def __init__(self, path, settings=None, callbacks=()):
        super().__init__()
        self.path = pathlib.Path(path)
        self._temporary = self.path.with_name(self.path.name + ".tmp")
        try:
            self._settings = json.loads(json.dumps({**(settings or {}), "backend": keras.backend.backend()}))
        except TypeError as error:
            raise ValueError(f"`settings` must be a dict of JSON values. Received: {settings}") from error
        self._callbacks = list(callbacks)
        self._memories = self._fresh = [{}] * len(self._callbacks)  # what each has read from the file, and begins with
        self._epochs = []  # the logs of each finished epoch
        self._random_states = None

    @property
    def history(self):
        """Dict of one list a log, over all epochs of the run; `None` where an epoch lacks it."""
        names = dict.fromkeys(itertools.chain(*self._epochs))
        return {name: [logs.get(name) for logs in self._epochs] for name in names}

    def restore(self, model):
        """Puts the saved state back into `model`; the random states follow when `fit` begins.

        Args:
            model: built and compiled, on the backend that wrote the file.

        Returns:
            The number of finished epochs, 0 without a file: the `initial_epoch` of `fit`.

        Raises:
            ValueError: if the model is not ready, or the file is damaged or of another model, backend or `settings`.
                The model is then unchanged.
        """
        unbuilt = [layer.name for layer in (model, *model.layers) if not layer.built]
        if unbuilt or not model.compiled:
            raise ValueError(
                "`restore` expects a built and compiled model: call it on a batch, or `model.compile`. "
                f"Received: compiled={model.compiled}, not built: {unbuilt}."
            )
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        self._epochs, self._random_states, self._memories = [], None, [{}] * len(self._callbacks)
        if self.path.exists():
            header, values, memories = self._read()
            self._check(header, values, model)
            self._memories = memories
            for variable, value in zip(_variables(model), values, strict=True):
                variable.assign(value)
            self._epochs, self._random_states = header["epochs"], header["random_states"]
        return len(self._epochs)

    def clear(self):
        """Deletes the file: a finished run needs none."""
        self.path.unlink(missing_ok=True)
        self._temporary.unlink(missing_ok=True)

    def on_train_begin(self, logs=None):
        """Puts the rest back: not earlier, because `fit` itself draws numbers, and other callbacks forget, when it begins."""
        self._fresh = [_memory(callback) for callback in self._callbacks]
        for callback, memory in zip(self._callbacks, self._memories, strict=True):
            vars(callback).update(memory)
        if self._random_states is not None:
            _set_random_states(self._random_states)
            self._random_states = None

    def on_epoch_begin(self, epoch, logs=None):
        """Refuses a `fit` that does not start where the file ends."""
        if epoch != len(self._epochs) or (epoch == 0 and self.path.exists()):
            raise ValueError(
                f"`fit` must start where {self.path} ends. Received: epoch {epoch}, {len(self._epochs)} restored. "
                "Write `model.fit(..., initial_epoch=backup.restore(model), callbacks=[backup])`."
            )

    def on_epoch_end(self, epoch, logs=None):
        """Saves."""
        self._epochs.append(dict(logs or {}))
        variables = _variables(self.model)  # `self.model`: there JAX puts the trained values back into the variables
        header = {"settings": self._settings, "epochs": self._epochs, "random_states": _random_states()}
        header["variables"] = [(variable.path, variable.dtype) for variable in variables]
        header["callbacks"], arrays = [], [*map(_to_numpy, variables)]
        for callback, fresh in zip(self._callbacks, self._fresh, strict=True):
            changed = {name: value for name, value in _memory(callback).items() if value is not fresh.get(name)}
            lists = {name: len(value) for name, value in changed.items() if isinstance(value, list)}
            arrays += [array for name in lists for array in changed.pop(name)]
            header["callbacks"].append([type(callback).__name__, changed, lists])
        text = json.dumps(header, default=lambda array: array.tolist())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._temporary, "wb") as file:
            np.savez(file, *arrays, exact_resume=np.array(text))
            file.flush()
            os.fsync(file.fileno())
        os.replace(self._temporary, self.path)
        if hasattr(os, "O_DIRECTORY"):  # not on Windows: the new name survives a power cut once its folder is synced
            folder = os.open(self.path.parent, os.O_DIRECTORY)
            os.fsync(folder)
            os.close(folder)

    def _read(self):
        with open(self.path, "rb") as file:
            try:
                arrays = np.load(file, allow_pickle=False)
                header = json.loads(str(arrays["exact_resume"]))
                rest = (arrays[f"arr_{i}"] for i in range(len(arrays) - 1))
                values = list(itertools.islice(rest, len(header["variables"])))
                memories = [  # numbers, and lists of arrays
                    {**numbers, **{name: list(itertools.islice(rest, n)) for name, n in lists.items()}}
                    for _, numbers, lists in header.get("callbacks", ())
                ]
                return header, values, memories
            except Exception as error:  # NumPy and zipfile have a dozen errors for a damaged file
                raise ValueError(f"{self.path} is damaged or was not written by `ExactResume`. Delete it.") from error

    def _check(self, header, values, model):
        for key in sorted(header["settings"].keys() | self._settings.keys()):
            there, here = (json.dumps(d[key]) if key in d else "absent" for d in (header["settings"], self._settings))
            if there != here:
                raise ValueError(f"{self.path} was written under other settings: {key} is {there} there, {here} here.")
        here = [type(callback).__name__ for callback in self._callbacks]
        there = [name for name, *_ in header.get("callbacks", ())]
        if here != there:
            raise ValueError(f"{self.path} was written with other `callbacks`: {there} there, {here} here.")
        here = [(v.path, v.dtype, tuple(v.shape)) for v in _variables(model)]
        there = [(*entry, value.shape) for entry, value in zip(header["variables"], values, strict=True)]
        for expected, received in itertools.zip_longest(here, there, fillvalue=("no variable", "none", ())):
            if (_plain(expected[0]), *expected[1:]) != (_plain(received[0]), *received[1:]):
                raise ValueError(
                    f"{self.path} does not fit the model. Expected: {expected[0]}, shape {expected[2]}, {expected[1]}. "
                    f"Received: {received[0]}, shape {received[2]}, {received[1]}."
                )


def _variables(model):
    return [*model.variables, *model.optimizer.variables]  # `variables`, not `weights`: with the seeds


def _memory(callback):
    """Attributes that a file can hold: plain numbers, and lists of arrays, of which TensorFlow makes some NumPy scalars."""
    numbers, arrays = (int, float, np.number, type(None)), (np.ndarray, np.generic)
    lists = {n: v for n, v in vars(callback).items() if isinstance(v, list) and v and isinstance(v[0], arrays)}
    return {n: v for n, v in vars(callback).items() if isinstance(v, numbers)} | lists


def _plain(path):
    return re.sub(r"_\d+(?=[_/]|$)", "", path)  # Keras counts unnamed layers: `dense_7` if built again in one process


def _to_numpy(variable):
    array = keras.ops.convert_to_numpy(variable)
    return array.astype("float32") if array.dtype.kind == "V" else array  # bfloat16, float8: not in the npz format


def _random_states():
    states = {"python": random.getstate(), "numpy": np.random.get_state(legacy=False)}
    if keras.backend.backend() == "torch":  # it shuffles with a hidden state of its own; never imported from here
        torch = sys.modules["torch"]
        states["torch"] = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]
    return states


def _set_random_states(states):
    version, words, gauss = states["python"]
    random.setstate((version, tuple(words), gauss))
    np.random.set_state(states["numpy"])
    if "torch" in states:
        torch = sys.modules["torch"]
        cpu, *gpus = [torch.tensor(state, dtype=torch.uint8) for state in states["torch"]]
        torch.set_rng_state(cpu)
        torch.cuda.set_rng_state_all(gpus)
