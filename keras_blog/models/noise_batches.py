"""Images with fresh noise, in batches."""

import keras
import numpy as np


class NoiseBatches(keras.utils.PyDataset):
    """Batches of `(noise, images)` for `GAN.fit`: the images in a new order each epoch, each time with new Gaussian noise.

    Both follow from NumPy's global generator at the start of the epoch, which `callbacks.ExactResume` saves. Batches are full;
    the images that are over are others in each epoch.

    Args:
        images: NumPy array, shape `(samples, ...)`.
        noise_shape: of the noise of one sample, `(latent,)`.
        batch_size: samples in a batch; all, if there are fewer.
        images_first: give `(images, noise)`, as `AAE.fit` takes them.

    Raises:
        ValueError: if there are no samples, or `batch_size` is not positive.

    References:
        Article: kexue.fm 6139
    """

    def __init__(self, images, noise_shape, batch_size=64, images_first=False):
        super().__init__()
        if not len(images) or not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"`images` and `batch_size` must be at least one; received {len(images)} and {batch_size!r}")
        self.images, self.noise_shape = np.asarray(images), tuple(noise_shape)
        self.images_first = images_first
        self.batch_size = min(batch_size, len(images))
        self.on_epoch_begin()

    def __len__(self):
        return len(self.images) // self.batch_size

    def __getitem__(self, index):
        rows = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        noise = np.random.default_rng([self._seed, index]).standard_normal((len(rows), *self.noise_shape), dtype="float32")
        return (self.images[rows], noise) if self.images_first else (noise, self.images[rows])

    def on_epoch_begin(self):
        self._order, self._seed = np.random.permutation(len(self.images)), np.random.randint(2**31)
