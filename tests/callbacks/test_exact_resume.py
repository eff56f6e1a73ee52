"""A broken and resumed run must equal the unbroken one bit for bit: every comparison here is exact."""

import os
import pathlib
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_blog.callbacks import ExactResume, exact_resume

SAMPLES, BATCH, STEPS = 40, 8, 5
X = np.random.default_rng(0).normal(size=(SAMPLES, 6)).astype("float32")
Y = np.random.default_rng(1).normal(size=(SAMPLES, 1)).astype("float32")


class Shuffled(keras.utils.PyDataset):
    """The data set of the docstring: a new order for each epoch, from NumPy's global state."""

    def __init__(self):
        super().__init__()
        self.order = np.random.permutation(SAMPLES)

    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        rows = self.order[index * BATCH : (index + 1) * BATCH]
        return X[rows], Y[rows]

    def on_epoch_begin(self):
        self.order = np.random.permutation(SAMPLES)


class At(keras.callbacks.Callback):
    """Calls `action` after one batch of one epoch."""

    def __init__(self, epoch, batch, action):
        super().__init__()
        self.when, self.action, self.epoch = (epoch, batch), action, None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.when:
            self.action()


OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.01),
    "momentum": lambda: keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 20), momentum=0.9),
    "accumulation": lambda: keras.optimizers.Adam(0.01, gradient_accumulation_steps=3),  # 3 does not divide 5 steps
    "loss_scale": lambda: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.01), initial_scale=2.0**24, dynamic_growth_steps=3
    ),
}


def build(optimizer="adam", units=8):
    body = keras.Sequential(  # nested: its seeds and moving means must be found
        [
            keras.Input((6,)),
            keras.layers.Dense(units, "relu"),
            keras.layers.Dropout(0.3),
            keras.layers.BatchNormalization(),
        ]
    )
    inputs = keras.Input((6,))
    hidden = keras.layers.Dropout(0.1)(body(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(hidden))
    model.compile(OPTIMIZERS[optimizer](), "mse", metrics=["mae"])
    return model


def train(path, epochs=4, optimizer="adam", callbacks=(), data=lambda: (Shuffled(),), model=None, **kwargs):
    model = model or build(optimizer)
    backup = ExactResume(path)
    initial_epoch = backup.restore(model)
    callbacks = [*callbacks, backup]
    model.fit(*data(), epochs=epochs, initial_epoch=initial_epoch, callbacks=callbacks, verbose=0, **kwargs)
    return model, backup


def another_process(seed=999):
    policy = keras.config.dtype_policy()
    keras.utils.clear_session()  # forgets the policy too
    keras.config.set_dtype_policy(policy)
    keras.utils.set_random_seed(seed)


def arrays(model):
    return [keras.ops.convert_to_numpy(v).copy() for v in [*model.variables, *model.optimizer.variables]]


def difference(first, second):
    pairs = zip(arrays(first[0]), arrays(second[0]), strict=True)
    weights = max(float(np.abs(np.float64(a) - np.float64(b)).max()) for a, b in pairs)
    return weights if first[1].history == second[1].history else float("inf")


def unbroken_and_resumed(folder, seed=999, **kwargs):
    unbroken = train(folder / "unbroken.npz", **kwargs)
    keras.utils.set_random_seed(0)
    train(folder / "state.npz", 2, **kwargs)
    another_process(seed)
    return unbroken, train(folder / "state.npz", **kwargs)


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "accumulation"])
def test_resumed_equals_unbroken(tmp_path, optimizer):
    keras.utils.set_random_seed(0)
    unbroken, resumed = unbroken_and_resumed(tmp_path, optimizer=optimizer)
    assert difference(unbroken, resumed) == 0.0
    assert set(resumed[1].history) == {"loss", "mae"}
    assert len(resumed[1].history["loss"]) == 4


def test_mixed_float16_resumes_with_its_loss_scale(tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    unbroken, resumed = unbroken_and_resumed(tmp_path, optimizer="loss_scale")
    assert difference(unbroken, resumed) == 0.0
    assert float(unbroken[0].optimizer.dynamic_scale) != 2.0**24  # it moved, so there was something to lose


def test_bfloat16_variables_survive_the_file(tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    unbroken, resumed = unbroken_and_resumed(tmp_path)
    assert difference(unbroken, resumed) == 0.0


@pytest.mark.parametrize("seed", [0, 999])
def test_shuffled_arrays_resume_on_tensorflow_under_the_same_seed_only(tmp_path, seed):
    unbroken, resumed = unbroken_and_resumed(tmp_path, seed, data=lambda: (X, Y), batch_size=8, validation_split=0.2)
    exact = seed == 0 or keras.backend.backend() != "tensorflow"  # as the docstring says
    assert (difference(unbroken, resumed) == 0.0) is exact


@pytest.mark.parametrize("forgotten", ["seeds", "random states"])
def test_the_comparison_notices_what_is_forgotten(tmp_path, monkeypatch, forgotten):
    if forgotten == "seeds":
        monkeypatch.setattr(exact_resume, "_variables", lambda model: [*model.weights, *model.optimizer.variables])
    else:
        monkeypatch.setattr(exact_resume, "_set_random_states", lambda states: None)
    unbroken, resumed = unbroken_and_resumed(tmp_path)
    assert difference(unbroken, resumed) > 1e-3


def test_variables_include_the_seeds_of_nested_models():
    assert sum(v.path.endswith("seed_generator_state") for v in build().variables) == 2


def child(path, kill=None):
    """Trains 4 epochs in a process of its own, unless it is killed."""

    def die(*names):
        os.kill(os.getpid(), signal.SIGKILL)

    if kill == "before the replace":
        os.replace = die
    train(path, callbacks=[At(2, 2, die)] if kill == "in epoch 3" else [])


def run_child(seed, *arguments):
    code = (
        f"import tests.conftest, keras; keras.utils.set_random_seed({seed})\n"
        f"from tests.callbacks.test_exact_resume import child; child(*{arguments!r})"
    )
    root = pathlib.Path(__file__).parents[2]
    return subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode


def finished(path):
    model = build()
    backup = ExactResume(path)
    backup.restore(model)
    return model, backup


def test_kill_minus_nine_twice(tmp_path):
    state = str(tmp_path / "state.npz")
    assert run_child(0, state, "in epoch 3") == -signal.SIGKILL
    assert len(finished(state)[1].history["loss"]) == 2
    assert run_child(7, state, "before the replace") == -signal.SIGKILL  # as it saves epoch 3
    assert os.path.exists(state + ".tmp")
    assert len(finished(state)[1].history["loss"]) == 2
    assert run_child(8, state) == 0
    assert not os.path.exists(state + ".tmp")
    keras.utils.set_random_seed(0)
    unbroken = train(tmp_path / "unbroken.npz")
    assert difference(unbroken, finished(state)) == 0.0


def test_failed_save_and_interrupt_leave_the_last_full_epoch(tmp_path, monkeypatch):
    unbroken = train(tmp_path / "unbroken.npz")
    keras.utils.set_random_seed(0)
    model, path = build(), tmp_path / "state.npz"

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(path, model=model, callbacks=[At(1, 3, interrupt)])
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *names: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            train(path, model=model)
    resumed = train(path, model=model)  # the same model: all that epoch 2 did to it twice is undone
    assert difference(unbroken, resumed) == 0.0


def test_a_model_built_again_in_the_same_process_fits(tmp_path):
    train(tmp_path / "state.npz", 1)
    again = build()  # its layers are called dense_2, dense_3
    assert ExactResume(tmp_path / "state.npz").restore(again) == 1


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "state.npz"
    build().fit(X, Y, callbacks=[ExactResume(path, settings={"rate": 0.1, "tags": ("B", "I")})], verbose=0)
    return path.read_bytes()


@pytest.fixture
def saved(tmp_path, content):
    path = tmp_path / "state.npz"
    path.write_bytes(content)
    return path


def refuses(backup, model, match):
    model.optimizer.build(model.trainable_variables)
    before = arrays(model)
    with pytest.raises(ValueError, match=match):
        backup.restore(model)
    for old, new in zip(before, arrays(model), strict=True):
        np.testing.assert_array_equal(old, new)


SETTINGS = {"rate": 0.1, "tags": ["B", "I"]}


def test_other_settings_are_refused(saved):
    assert ExactResume(saved, SETTINGS).restore(build()) == 1
    refuses(ExactResume(saved, {**SETTINGS, "rate": 0.2}), build(), r"state\.npz.*rate is 0\.1 there, 0\.2 here")
    refuses(ExactResume(saved, {**SETTINGS, "seed": 1}), build(), "seed is absent there, 1 here")
    refuses(ExactResume(saved), build(), "rate is 0.1 there, absent here")


def test_another_backend_is_refused(saved, monkeypatch):
    own = keras.backend.backend()
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    backup = ExactResume(saved, SETTINGS)
    monkeypatch.undo()
    refuses(backup, build(), f'backend is "{own}" there, "numpy" here')


def test_another_model_is_refused(saved):
    shapes = r"Expected: \S*dense\S*/kernel, shape \(6, 9\), float32. Received: \S*dense\S*/kernel, shape \(6, 8\)"
    refuses(ExactResume(saved, SETTINGS), build(units=9), shapes)
    refuses(ExactResume(saved, SETTINGS), build("momentum"), r"state\.npz does not fit the model")
    refuses(ExactResume(saved, SETTINGS), build("accumulation"), "Expected: adam.*gradient_accumulator")
    longer = build()
    longer.compile(keras.optimizers.Adam(amsgrad=True), "mse")
    refuses(ExactResume(saved, SETTINGS), longer, r"Expected: adam\S*velocity_hat, .* Received: no variable")
    keras.config.set_dtype_policy("bfloat16")
    refuses(ExactResume(saved, SETTINGS), build(), r"bfloat16. Received: \S+, shape \(6, 8\), float32")


@pytest.mark.parametrize("damage", ["empty", "garbage", "truncated", "flipped", "npy", "foreign npz", "pickle"])
def test_a_damaged_file_is_refused(saved, content, damage):
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 255
    with open(saved, "wb") as file:
        if damage == "npy":
            np.save(file, X)
        elif damage in ("foreign npz", "pickle"):
            np.savez(file, exact_resume=X if damage == "foreign npz" else np.array([object()], dtype=object))
        else:
            file.write({"garbage": b"not a zip" * 99, "truncated": content[:-200], "flipped": flipped}.get(damage, b""))
    refuses(ExactResume(saved, SETTINGS), build(), r"state\.npz is damaged or was not written by `ExactResume`")


def test_a_model_that_is_not_ready_is_refused(tmp_path):
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    unbuilt.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"Received: compiled=True, not built: \['sequential\w*', 'dense\w*'\]"):
        ExactResume(tmp_path / "state.npz").restore(unbuilt)
    with pytest.raises(ValueError, match=r"Received: compiled=False, not built: \[\]"):
        ExactResume(tmp_path / "state.npz").restore(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))


def test_fit_must_start_where_the_file_ends(saved):
    model, backup = build(), ExactResume(saved, SETTINGS)
    with pytest.raises(ValueError, match=r"Received: epoch 0, 0 restored\. Write `model\.fit\(\.\.\., initial_epoch="):
        model.fit(X, Y, callbacks=[backup], verbose=0)  # would overwrite the file
    assert backup.restore(model) == 1
    with pytest.raises(ValueError, match="Received: epoch 0, 1 restored"):
        model.fit(X, Y, callbacks=[backup], verbose=0)


def test_settings_must_be_json(tmp_path):
    with pytest.raises(ValueError, match="`settings` must be a dict of JSON values"):
        ExactResume(tmp_path / "state.npz", settings={"layer": object()})


def test_history_has_one_entry_an_epoch_and_clear_deletes(tmp_path):
    path = tmp_path / "runs" / "ner" / "state.npz"  # folders are made
    model, backup = train(path, 3, data=lambda: (X, Y), validation_data=(X, Y), validation_freq=2)
    assert [value is None for value in backup.history["val_loss"]] == [True, False, True]
    assert os.listdir(path.parent) == ["state.npz"]
    backup.clear()
    backup.clear()
    assert os.listdir(path.parent) == []
    assert len(backup.history["loss"]) == 3  # still there, for the table of a finished run
    assert backup.restore(model) == 0
    assert backup.history == {}


class Score(keras.callbacks.Callback):
    """A metric that is best in the second epoch."""

    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = float(epoch == 1)


def test_what_other_callbacks_remember_is_kept_if_they_are_handed_over(tmp_path):
    """`EarlyStopping` with its best weights, from before the interruption, and the patience of `ReduceLROnPlateau`."""
    ends = []
    for stops in ([9], [3, 9]):
        for epochs in stops:
            another_process(0 if epochs == stops[0] else 999)
            early = keras.callbacks.EarlyStopping("score", patience=3, restore_best_weights=True, mode="max")
            slower = keras.callbacks.ReduceLROnPlateau("score", factor=0.5, patience=2, mode="max")
            body = [keras.Input((6,)), keras.layers.Dropout(0.3), keras.layers.Dense(1)]
            model, path = keras.Sequential(body), tmp_path / f"{len(stops)}.npz"
            model.compile(OPTIMIZERS["adam"](), "mse")
            backup = ExactResume(path, callbacks=[early, slower])
            options = {"initial_epoch": backup.restore(model), "callbacks": [Score(), early, slower, backup], "verbose": 0}
            model.fit(Shuffled(), epochs=epochs, **options)
        assert (len(backup.history["score"]), early.stopped_epoch, early.best_epoch) == (5, 4, 1)
        assert float(model.optimizer.learning_rate) == pytest.approx(0.005)
        ends.append((model, backup))
    assert difference(*ends) == 0.0
    with pytest.raises(ValueError, match=r"other `callbacks`: \['EarlyStopping', 'ReduceLROnPlateau'\] there, \[\] here"):
        ExactResume(path).restore(build())
