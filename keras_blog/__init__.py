"""Keras 3 layers, losses, metrics and reference models from the kexue.fm articles.

The sub-packages load when they are first named: importing `keras_blog` itself does not import Keras, so the command
line can still choose the backend.
"""

import importlib

__version__ = "0.1.0"
__all__ = ["callbacks", "datasets", "initializers", "layers", "losses", "metrics", "mining", "models", "ops", "sql"]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*__all__, "__version__"])
