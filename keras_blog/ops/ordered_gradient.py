"""A loss whose gradient waits for it: what a graph of TensorFlow does not promise by itself."""

import keras

if keras.config.backend() == "tensorflow":
    import tensorflow as tf


def ordered_gradient(loss):
    """`loss` itself; no gradient of it is computed, and so no weight updated, before it has read all that it reads.

    A gradient need not depend on the weight that it moves: that of a bias in a linear loss does not. Then only an edge of order
    keeps the update behind the read, and TensorFlow's graph optimiser may drop that edge: Keras passes all gradients through
    one node, on whose account the edge looks superfluous, and then the optimiser takes the node apart.
    """
    if keras.config.backend() != "tensorflow":
        return loss

    @tf.custom_gradient
    def ordered(loss):
        def backward(upstream):
            with tf.control_dependencies([loss]):
                return tf.identity(upstream)

        return tf.identity(loss), backward

    return ordered(loss)
