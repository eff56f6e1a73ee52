import json

import keras
import numpy as np
import pytest

from keras_blog.__main__ import main
from tests.recipes.resumed_run import resumed_run

SMALL = ["--epochs", "2", "--units", "8", "--latent", "2", "--batch-size", "8", "--importance", "2", "--samples", "20"]
SMALL += ["--objectives", "elbo", "dreg"]


@pytest.fixture
def file(tmp_path):
    """Black, but for a bright column that lies somewhere."""
    images = np.zeros((30, 9, 8), "uint8")
    images[np.arange(30), :, np.arange(30) % 8] = 255
    np.savez(tmp_path / "images.npz", images=images)
    return tmp_path / "images.npz"


def test_density_writes_and_loads(file, tmp_path, without_xla):
    out = tmp_path / "run"
    assert main(["train", "density", "--train", str(file), "--out", str(out), *SMALL]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["density.png", "history.csv", "metrics.json", "model.keras"]
    found = json.loads((out / "metrics.json").read_text())
    assert list(found["figures"]) == ["elbo", "dreg"]
    values = [row["log_likelihood"] for row in found["figures"].values()]
    assert all(-72 < value < 0 for value in values)  # 72 bits of a fair coin are 50 nats; an untrained network is near
    assert found["figures"][found["saved"]]["log_likelihood"] == max(values)
    model = keras.saving.load_model(out / "model.keras")
    assert model.generate(2, seed=0).shape == (2, 9, 8)
    assert len((out / "history.csv").read_text().splitlines()) == 3


def test_an_interrupted_run_ends_as_the_whole_one(file, tmp_path, monkeypatch, without_xla):
    """The best epoch too, which is before the interruption: what `EarlyStopping` remembered was lost."""
    options = "--objectives elbo iwae --epochs 3 --batch-size 22 --learning-rate .3".split()  # too high a rate

    def train(out):
        return main(["train", "density", "--train", str(file), "--out", str(tmp_path / out), *SMALL, *options])

    folders = resumed_run(train, tmp_path, "iwae", monkeypatch)
    found = [json.loads((folder / "metrics.json").read_text())["figures"] for folder in folders]
    assert [{**row, "seconds": 0} for row in found[0].values()] == [{**row, "seconds": 0} for row in found[1].values()]


def test_bad_arguments_get_one_line(file, tmp_path, capsys):
    few = tmp_path / "few.npz"
    np.savez(few, images=np.zeros((4, 8, 8)))
    for arguments, message in (
        (["--train", str(few)], "--train must hold at least 10 images, of which a fifth is for the test; received 4"),
        (["--train", str(file), "--samples", "0"], "--samples must be at least 1; received 0"),
    ):
        assert main(["train", "density", *arguments, "--out", str(tmp_path / "run")]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
