import json

import keras
import numpy as np

from keras_blog.__main__ import main
from keras_blog.recipes import infomax


def test_infomax_writes_and_loads(tmp_path, without_xla):
    rng, labels = np.random.default_rng(0), np.arange(40) % 2
    images = rng.integers(0, 40, size=(40, 8, 8))
    images[labels == 1, :4] += 200
    np.savez(tmp_path / "images.npz", images=images, labels=labels + 3)  # labels need not begin at 0
    out, small = tmp_path / "run", ["--epochs", "1", "--filters", "2", "--latent", "2", "--batch-size", "16", "--few", "2"]
    assert main(["train", "infomax", "--train", str(tmp_path / "images.npz"), "--out", str(out), *small]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["history.csv", "metrics.json", "model.keras", "neighbours.png"]
    accuracy = json.loads((out / "metrics.json").read_text())["accuracy"]
    assert list(accuracy) == ["Deep InfoMax", "VAE", "pixels"]
    assert accuracy["pixels"]["neighbours"] == accuracy["pixels"]["probe"] == 1
    model = keras.saving.load_model(out / "model.keras")
    assert model.encode(np.zeros((3, 8, 8, 1), "float32")).shape == (3, 2)


def test_the_probe_is_linear_and_the_neighbours_are_those_of_the_cosine():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2))
    half, circle = (x[:, 0] + x[:, 1] > 0).astype(int), (np.sum(x**2, axis=1) > 1.4).astype(int)
    assert infomax.probe(x[:300], half[:300], x[300:], half[300:]) > 0.97
    assert infomax.probe(x[:300], circle[:300], x[300:], circle[300:]) < 0.75
    known = np.array([[1.0, 0.0], [0.0, 9.0], [-1.0, 0.1]])
    assert infomax.nearest(known, np.array([[0.1, 5.0]]), 2).tolist() == [[1, 2]]


def test_bad_arguments_get_one_line(tmp_path, capsys):
    np.savez(tmp_path / "images.npz", images=np.zeros((6, 8, 8)))
    for arguments, message in (
        (["--train", str(tmp_path / "images.npz")], "--train must hold `labels` and at least 5 images"),
        (["--epochs", "0"], "--epochs must be at least 1; received 0"),
    ):
        assert main(["train", "infomax", *arguments, "--out", str(tmp_path / "run")]) == 2
        assert message in capsys.readouterr().err
