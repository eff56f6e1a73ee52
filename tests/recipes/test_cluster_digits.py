import json
from argparse import Namespace

import keras
import numpy as np
import pytest

from keras_blog.__main__ import main
from keras_blog.recipes import cluster_digits
from tests.recipes.resumed_run import resumed_run


@pytest.fixture
def file(tmp_path):
    """Bright on the left, or on the right."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = rng.integers(0, 40, size=(40, 28, 28))
    for image, label in zip(images, labels, strict=True):
        image[:, 14 * label : 14 * label + 14] += 180
    np.savez(tmp_path / "images.npz", images=images.astype("uint8"), labels=labels)
    return tmp_path / "images.npz"


SMALL = ["--clusters", "2", "--units", "8", "--steps", "8", "--first-steps", "8", "--batch-size", "20", "--latent", "2"]


def test_clusters_writes_and_loads(file, tmp_path, without_xla):
    assert main(["train", "cluster-digits", "--train", str(file), "--out", str(tmp_path / "run"), *SMALL]) == 0
    files = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert files == ["clusters.png", "history.csv", "metrics.json", "model.keras"]
    figures = json.loads((tmp_path / "run" / "metrics.json").read_text())["figures"]
    assert figures["k-means on pixels"][0]["accuracy"] == 1
    assert figures["vade"][0]["clusters"] <= 2
    model = keras.saving.load_model(tmp_path / "run" / "model.keras")
    assert model.cluster(np.zeros((3, 28, 28, 1), "float32")).shape == (3,)


def test_an_interrupted_run_ends_as_the_whole_one(file, tmp_path, monkeypatch, without_xla):
    def train(out):
        return main(["train", "cluster-digits", "--train", str(file), "--out", str(tmp_path / out), *SMALL])

    resumed_run(train, tmp_path, "clusters", monkeypatch)


def test_the_articles_network_fits_its_images():
    class Options:
        network, latent = "convolutions", 20

    encoder, decoder = cluster_digits.networks(Options)
    assert encoder.output_shape == (None, 40)
    assert decoder.output_shape == (None, 28, 28, 1)


def test_the_other_data_are_those_of_keras(file, tmp_path, monkeypatch, capsys):
    with np.load(file) as found:
        images, labels = found["images"], found["labels"]
    parts = (images[:30], labels[:30]), (images[30:], labels[30:])
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: parts)
    taken = cluster_digits._load(Namespace(train=None, data="fashion_mnist", images=None, clusters=2))
    np.testing.assert_array_equal(taken[0], images)
    np.testing.assert_array_equal(taken[1], labels)

    def unreachable():
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", unreachable)
    assert main(["train", "cluster-digits", "--data", "mnist", "--out", str(tmp_path / "run")]) == 2
    assert "--data mnist could not be downloaded: URL fetch failure" in capsys.readouterr().err


def test_bad_arguments_get_one_line(file, tmp_path, capsys):
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, images=np.zeros((3, 8, 8)))
    for arguments, message in (
        (["--train", str(wrong)], "--train must hold `images` of shape (n, 28, 28)"),
        (["--train", str(file), "--clusters", "50"], "--clusters must be at most the number of images, 40; received 50"),
        (["--steps", "0"], "--steps must be at least 1; received 0"),
    ):
        assert main(["train", "cluster-digits", *arguments, "--out", str(tmp_path / "run")]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
