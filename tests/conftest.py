"""One process, one backend: `KERAS_BACKEND` chooses it."""

import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# JAX keeps what it compiled: the second run of the suite is much faster.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(pathlib.Path.home() / ".cache" / "keras_blog" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

if os.environ["KERAS_BACKEND"] == "torch":
    import torch  # before TensorFlow, which Keras imports for its data sets

    torch.set_num_threads(1)  # two threads on tiny tensors wait for each other: four times slower on a shared machine

import keras
import pytest


@pytest.fixture(autouse=True)
def _fresh_keras():
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def without_xla():
    """For what needs many shapes: on TensorFlow, compiling a dozen functions for each would take minutes."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)
        yield
        tf.config.run_functions_eagerly(False)
    else:
        yield
