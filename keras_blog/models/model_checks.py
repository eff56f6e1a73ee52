"""What models made of networks ask of them, of `compile` and of the data."""

import keras

from keras_blog.losses.adversarial_loss import AdversarialLoss
from keras_blog.losses.gradient_penalty import GradientPenalty


def check_networks(**networks):
    """Refuse, by the name of its argument, what is no network with inputs and outputs of known shape."""
    for name, network in networks.items():
        if not getattr(network, "built", False) or not hasattr(network, "inputs"):
            raise ValueError(
                f"`{name}` must be a functional or Sequential model with an Input (around your own layers, if need be); "
                f"received {network!r}"
            )


def check_compiled(model):
    """Refuse a loss that `compile` was given, and `fit` would never read."""
    if model.loss is not None:
        raise ValueError(f"`loss` of `compile` must be None: the model has its own; received {model.loss!r}")


def check_game(loss, penalty, discriminator):
    """Refuse what is not of the kind: Keras's own losses have no two players."""
    for name, value, kind in (("loss", loss, AdversarialLoss), ("penalty", penalty, GradientPenalty)):
        if value is not None and not isinstance(value, kind):
            raise ValueError(f"`{name}` must be a losses.{kind.__name__}, called with its options; received {value!r}")
    if penalty is not None:
        penalty.check(discriminator)


def check_noise(inputs, generator):
    """Refuse samples where noise belongs: of a data set of images alone, or in `evaluate(images)`."""
    wanted = [tuple(tensor.shape[1:]) for tensor in generator.inputs]
    received = tuple(getattr(inputs, "shape", ()))[1:]
    if len(wanted) == 1 and received and (len(received) != len(wanted[0]) or _differ(received, wanted[0])):
        raise ValueError(
            f"`inputs` must be noise of shape {(None, *wanted[0])}, in a data set and in `evaluate` too: only `fit` draws it, "
            f"for an array of samples; received {tuple(inputs.shape)}"
        )


def check_samples(x, y, samples_first):
    """Refuse what `fit` was given if half of it is missing, or the samples are integers, as of a picture file."""
    if y is None:
        order = "fit(samples, noise)" if samples_first else "fit(noise, samples)"
        raise ValueError(f"`y` must be the other half of the data, as in {order} or fit(samples); received None")
    samples = x if samples_first else y
    if "float" not in keras.backend.standardize_dtype(samples.dtype):
        raise ValueError(
            f"`{'x' if samples_first else 'y'}` must be floats in the range of the generator, as images / 127.5 - 1 for one "
            f"that ends in tanh; received {samples.dtype}"
        )


def _differ(one, other):
    return any(a != b and None not in (a, b) for a, b in zip(one, other, strict=True))
