import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import layers, models

TEXTS = ["abca", "", "xyz", "a" * 50, "日本a"]
SIZES = {"dim": 4, "filters": 6, "latent": 3, "length": 40}


def small(weight=None, **options):
    bottleneck = None if weight is None else layers.InformationBottleneck(weight, seed=1)
    return models.ConvolutionalClassifier(list("abc日"), ["bad", "good"], bottleneck, **{**SIZES, **options})


@pytest.mark.parametrize("weight", [None, 0.1])
def test_padding_changes_nothing_and_the_file_holds_everything(weight, tmp_path):
    classifier = small(weight)
    together = classifier.probabilities(TEXTS)
    alone = np.concatenate([classifier.probabilities([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    ids = classifier.encode(["abca"])
    longer = np.pad(ids, ((0, 0), (0, 8)))
    np.testing.assert_allclose(*(ops.convert_to_numpy(classifier(x)) for x in (ids, longer)), atol=1e-6)
    classifier.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    names = ("vocabulary", "class_names", "length", "dim", "filters", "kernel_size", "latent")
    assert [loaded.get_config()[name] for name in names] == [classifier.get_config()[name] for name in names]
    assert len(loaded.weights) == len(classifier.weights)
    assert weight is None or loaded.bottleneck.weight == weight
    np.testing.assert_array_equal(loaded.probabilities(TEXTS), together)


def test_it_learns_and_a_bottleneck_costs():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abc"), size=8)) for _ in range(64)]
    labels = np.array(["ab" in text for text in texts], "int32")
    classifier = small(1e-3, filters=32, dim=8)
    classifier.compile(keras.optimizers.Adam(0.02), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = classifier.encode(texts)[:, :8]
    classifier.fit(x, labels, batch_size=64, epochs=60, verbose=0)
    accuracy = (classifier.predict(x, verbose=0).argmax(axis=1) == labels).mean()
    assert accuracy > 0.9
    rate = float(ops.convert_to_numpy(classifier.bottleneck.rate))
    assert rate > 0.3  # to know a class of two takes up to log 2 = .69 nats, and the rate is above what is told
    classifier(x, training=True)
    np.testing.assert_allclose(float(ops.convert_to_numpy(classifier.losses[0])) / 1e-3, rate, rtol=0.5)
    assert not small().losses


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 0}, "`dim` must be an int from 1 to 65536; received 0"),
        ({"latent": True}, "`latent` must be an int"),
        ({"bottleneck": "noise"}, "`bottleneck` must be a layers.InformationBottleneck; received str"),
        ({"length": 0}, "`length` must be an int"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the text is compared below
        models.ConvolutionalClassifier(**{"vocabulary": ["a"], "class_names": ["x", "y"], **options})
    assert message in str(error.value)
