import json

import keras
import numpy as np
import pytest

from keras_blog.__main__ import main

SMALL = ["--batch-size", "8", "--steps", "2", "--latent", "4", "--width", "1"]


@pytest.fixture
def images():
    """Bright on the left, or on the right."""
    rng = np.random.default_rng(0)
    labels = np.arange(24) % 2
    images = rng.integers(0, 40, size=(24, 28, 28))
    for image, label in zip(images, labels, strict=True):
        image[:, 14 * label : 14 * label + 14] += 180
    return images.astype("uint8"), labels


def test_draws_measures_and_loads(images, tmp_path, without_xla):
    np.savez(tmp_path / "images.npz", images=images[0], labels=images[1])
    files = ["--train", str(tmp_path / "images.npz"), "--out", str(tmp_path / "run")]
    assert main(["train", "draw-digits", *files, *SMALL, "--losses", "quadratic"]) == 0
    expected = {f"{name}.png" for name in ("samples", "reconstructions", "interpolations")}
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"history.csv", "metrics.json", "model.keras", *expected}
    rows = json.loads((tmp_path / "run" / "metrics.json").read_text())["figures"]["quadratic"]
    assert len(rows) == 1
    assert all(row["Fréchet distance"] > 0 and row["reconstruction"] > 0 for row in rows)
    gan = keras.saving.load_model(tmp_path / "run" / "model.keras", compile=False)
    assert gan.generate(2, seed=0).shape == (2, 32, 32, 1)


def test_fashion_comes_from_keras(images, monkeypatch):
    from keras_blog.recipes import draw_digits

    class Options:
        train, data, images, batch_size = None, "fashion_mnist", 16, 8

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: (images, images))
    some, labels = draw_digits._load(Options)
    assert some.shape == (16, 32, 32, 1)
    assert some.min() == -1
    assert list(labels[:3]) == [0, 1, 0]


def test_bad_arguments_get_one_line(images, tmp_path, capsys):
    np.savez(tmp_path / "wrong.npz", images=images[0])
    np.savez(tmp_path / "few.npz", images=images[0], labels=images[1])
    for arguments, message in (
        (["--train", str(tmp_path / "wrong.npz")], "--train must hold `images` of shape (n, 28, 28) and `labels`"),
        (["--train", str(tmp_path / "few.npz")], "--batch-size must be at most the number of images, 24; received 64"),
        (["--steps", "0"], "--steps must be at least 1; received 0"),
    ):
        assert main(["train", "draw-digits", *arguments, "--out", str(tmp_path / "run")]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
