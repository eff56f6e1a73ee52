"""What the losses share: they heed the mask that Keras hands over."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog import losses

IDS = np.array([[1, 2, 3], [4, 0, 0]])
SCORES = np.random.default_rng(0).uniform(-1, 1, (5, 4)).astype("float32")


@pytest.mark.parametrize("loss", [losses.LogitAdjusted([0.1, 0.2, 0.3, 0.4]), losses.SparseMultilabelSoftmax()])
def test_the_mask_of_an_embedding_leaves_steps_out(loss):
    model = keras.Sequential([keras.layers.Embedding(5, 4, mask_zero=True)])
    model.build((None, None))
    model.layers[0].set_weights([SCORES])
    model.compile(loss=loss)
    y = np.array([[1, 2, 3], [3, 0, 1]])
    y = y[..., None] if isinstance(loss, losses.SparseMultilabelSoftmax) else y
    values = ops.convert_to_numpy(loss.call(y, SCORES[IDS]))
    np.testing.assert_allclose(model.evaluate(IDS, y, verbose=0), values[IDS > 0].mean(), rtol=1e-5)
    weight = np.array([[1.0, 2.0, 0.0], [3.0, 5.0, 5.0]])
    weighed = (values * weight * (IDS > 0)).sum() / 4  # Keras divides by the steps that the mask leaves
    np.testing.assert_allclose(model.evaluate(IDS, y, sample_weight=weight, verbose=0), weighed, rtol=1e-5)
