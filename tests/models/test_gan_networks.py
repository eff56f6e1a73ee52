import keras
import numpy as np
import pytest

from keras_blog import losses, models

BUILDERS = {"dcgan": models.dcgan, "selfmod": models.selfmod, "resnet_gan": models.resnet_gan}


@pytest.mark.parametrize("size", [32, 64, 128, 256])
@pytest.mark.parametrize("name", BUILDERS)
def test_shapes(name, size):
    generator, discriminator = BUILDERS[name](size, channels=1, latent=6, width=1, outputs=6)
    halvings = [layer.output.shape[1] for layer in discriminator.layers if len(layer.output.shape) == 4]
    assert sorted(set(halvings)) == [2**n for n in range(2, 9) if 2**n <= size]  # every size down to 4x4
    assert generator.output_shape == discriminator.input_shape == (None, size, size, 1)
    assert discriminator.output_shape == (None, 6)
    assert not any("moving" in v.name for v in discriminator.variables)  # penalties may be taken
    assert any(v.name == "u" for v in discriminator.variables)


def test_the_article_counts():
    """DCGAN at 64 pixels: 4x4x512 at the bottom, so the code goes through a matrix of 128 x 8192, and five layers follow."""
    generator, discriminator = models.dcgan(64, spectral=False)
    assert generator.layers[1].kernel.shape == (128, 16 * 512)
    assert sum(isinstance(layer, keras.layers.Conv2DTranspose) for layer in generator.layers) == 4
    assert discriminator.layers[-2].kernel.shape == (16 * 512, 1)


@pytest.mark.parametrize("name", ["selfmod", "resnet_gan"])
def test_they_train_and_load(name, tmp_path):
    images = np.random.default_rng(0).uniform(-1, 1, size=(4, 8, 8, 1)).astype("float32")
    gan = models.OGAN(*BUILDERS[name](8, channels=1, latent=4, width=2, outputs=4), losses.HingeGAN(), penalty=losses.R1(1.0))
    gan.compile(keras.optimizers.Adam(1e-3))
    logs = gan.fit(images, batch_size=4, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras", compile=False)
    np.testing.assert_allclose(gan.reconstruct(images), again.reconstruct(images), atol=1e-6)
    assert np.abs(gan.generate(3, seed=0)).max() <= 1


def test_wrong_numbers():
    for make in (
        lambda: models.dcgan(48),
        lambda: models.selfmod(32, latent=0),
        lambda: models.resnet_gan(32, width=1.5),
        lambda: models.resnet_gan(32, scale=0),
    ):
        with pytest.raises(ValueError, match=r"`.*` must be .*received"):
            make()
