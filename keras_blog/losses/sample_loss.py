"""The base of the losses here: one value a sample, and labels that stay as they are."""

import keras


class SampleLoss(keras.losses.Loss):
    """A loss whose `call(y_true, y_pred)` gives one value a sample; the rest, mask and weights and scaling, is Keras's own.

    Keras would cast the labels to floats first, where id 16777217 is 16777216, and in float16 2049 is 2048.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        return self.reduced(self.call(y_true, y_pred), y_pred, sample_weight)

    def reduced(self, values, y_pred, sample_weight=None):
        """The values of the samples, weighted and reduced; samples that the mask of `y_pred` leaves out do not count."""
        return _Values(name=self.name, reduction=self.reduction, dtype=self.dtype)(values, y_pred, sample_weight)

    def get_config(self):
        return {"reduction": self.reduction, "name": self.name, "dtype": self.dtype}


class _Values(keras.losses.Loss):
    """Gives the values that it is called with. Keras takes the mask from `y_pred`."""

    def call(self, y_true, y_pred):
        return y_true
