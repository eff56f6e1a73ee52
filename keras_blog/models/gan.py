"""A generative adversarial network that plain `fit` trains."""

import math

import keras
import numpy as np
from keras import ops

from keras_blog.losses.f_gan import FGAN
from keras_blog.models.model_checks import check_compiled, check_game, check_networks, check_noise, check_samples
from keras_blog.models.noise_batches import NoiseBatches
from keras_blog.models.player_optimizer import PlayerOptimizer
from keras_blog.ops.first_order import first_order
from keras_blog.ops.input_gradient import input_gradient
from keras_blog.ops.ordered_gradient import ordered_gradient


@keras.saving.register_keras_serializable("keras_blog")
class GAN(keras.Model):
    r"""A generator and a discriminator, trained at once: one loss, in which neither sees what is the other's.

        gan = models.GAN(generator, discriminator, losses.WassersteinGAN(), losses.WassersteinDivergence())
        gan.compile(keras.optimizers.Adam(2e-4, beta_1=0.5))  # or a PlayerOptimizer
        gan.fit(images, batch_size=64, epochs=100)  # the noise is drawn; or fit(noise, images)

    The discriminator is called once on real samples and fakes together, which the generator's gradient does not reach; and
    once more on the fakes, with its weights held, unless a penalty has found the slope of each fake's one score already. So
    one step updates both, as in a loop of alternating steps with the gradients taken before either moves.

    The anchor is the variational regulariser of 5716, :math:`\lambda \, \mathrm{mean} |G(z) - G_o(z)|^2`, where :math:`G_o` is
    the averaged generator; with `average=0` it is the generator before the last step. It is 0, with gradient 0, while both are
    the same.

    Args:
        generator: functional or Sequential model from noise to samples.
        discriminator: such a model from samples to scores, shape `(batch, ...)`; linear at its end.
        loss: a `losses.AdversarialLoss`, `losses.FGAN("gan")` by default.
        penalty: a `losses.GradientPenalty` of the discriminator, or None.
        anchor: :math:`\lambda`.
        average: decay of the weights of the averaged generator, which `generate` uses; the first steps have a lower one.
        seed: of the places where the penalty is taken.

    Call arguments:
        inputs: noise, as the generator takes it.

    Returns:
        Samples.

    Raises:
        ValueError: if a network is not built, a number is out of range, or a penalty meets batch normalisation.

    References:
        Articles: kexue.fm 5716, 6139
        Paper: Goodfellow et al., Generative Adversarial Networks, arXiv:1406.2661
    """

    samples_first = False  # in `fit`, before the noise

    def __init__(self, generator, discriminator, loss=None, penalty=None, anchor=0.0, average=0.999, seed=None, **kwargs):
        super().__init__(**kwargs)
        check_networks(generator=generator, discriminator=discriminator)
        if not 0 <= average < 1 or not 0 <= anchor < float("inf"):
            raise ValueError(f"`average` must be in [0, 1) and `anchor` at least 0; received {average!r} and {anchor!r}")
        check_game(loss, penalty, discriminator)
        self.generator, self.discriminator = generator, discriminator
        self.adversarial_loss, self.penalty = FGAN() if loss is None else loss, penalty
        self.anchor, self.average, self.seed = float(anchor), float(average), seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.steps = self.add_weight(name="steps", shape=(), dtype="float32", initializer="zeros", trainable=False)
        self.averaged = self.copies(generator.trainable_variables)
        self.logged = [keras.metrics.Mean(name=name) for name in self.log_names()]
        self.built = True

    def copies(self, variables, name="averaged"):
        """Weights that start where the variables are."""
        frozen = {"trainable": False, "initializer": "zeros"}
        means = [self.add_weight(name=f"{name}_{i}", shape=v.shape, dtype=v.dtype, **frozen) for i, v in enumerate(variables)]
        for mean, variable in zip(means, variables, strict=True):
            mean.assign(ops.copy(ops.convert_to_tensor(variable)))  # JAX may not give one buffer to two variables
        return means

    def log_names(self):
        """What the progress bar shows, beside the sum of all losses."""
        return ["discriminator_loss", "generator_loss", "divergence", *(["penalty"] if self.penalty else [])]

    def build(self, input_shape=None):
        self.built = True

    def call(self, inputs, training=False):
        check_noise(inputs, self.generator)
        if training and self.anchor:  # first: the same dropout as below, and on JAX the losses of the last call count
            weights = self.averaged[: len(self.generator.trainable_variables)]
            before, _ = self.generator.stateless_call(weights, self._state(self.generator), inputs, training=True)
        samples = self.generator(inputs, training=training)
        if training and self.anchor:
            change = ops.cast(samples, "float32") - ops.stop_gradient(ops.cast(before, "float32"))
            self.add_loss(self.anchor * ops.mean(ops.square(change)))
        return samples

    def compile(self, optimizer="adam", **kwargs):
        super().compile(optimizer=optimizer, **kwargs)
        check_compiled(self)
        inner = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        if isinstance(inner, PlayerOptimizer):
            inner.players(*self.players())

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))  # Keras leaves out a model whose `compile` is its own
        self.optimizer.build(self.trainable_variables)

    def players(self):
        """The trainable variables of the generator's side, and of the discriminator."""
        return self.generator.trainable_variables, self.discriminator.trainable_variables

    def fit(self, x, y=None, batch_size=None, **kwargs):
        """Keras's own, of noise and samples as the model takes them; or of an array of samples, for which noise is drawn."""
        if y is None and (isinstance(x, np.ndarray) or ops.is_tensor(x)):
            shape = self.generator.inputs[0].shape[1:]
            x, batch_size = NoiseBatches(ops.convert_to_numpy(x), shape, batch_size or 32, self.samples_first), None
        return super().fit(x, y, batch_size=batch_size, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        check_samples(x, y, self.samples_first)
        real, fake = (ops.cast(samples, "float32") for samples in (y, y_pred))
        if tuple(real.shape[1:]) != tuple(fake.shape[1:]):
            raise ValueError(f"`y` must be samples of shape {tuple(fake.shape)}; received {tuple(real.shape)}")
        moving, fake = self.sides(x, real, fake, training)
        real, frozen = ops.stop_gradient(moving), ops.stop_gradient(fake)
        slope, both, state, activity = self._of_both(ops.concatenate([real, frozen]), training)
        real_out, frozen_out = ops.split(both, 2)
        if slope is not None and math.prod(both.shape[1:]) == 1:
            fake_out = first_order(frozen_out, fake, ops.split(slope, 2)[1])
        else:
            fake_out = self.held_discriminator(fake, training)
        real_scores, frozen_scores, fake_scores = (self.scores(out) for out in (real_out, frozen_out, fake_out))
        distance = self.adversarial_loss.distance(real, frozen)
        discriminator = self.adversarial_loss.discriminator(real_scores, frozen_scores, distance)
        generator = self.generator_loss(moving, fake, real_scores, fake_scores, training)
        logs = [discriminator, generator, -discriminator]
        total = discriminator + generator + self.extra_loss(x, fake, frozen_out, fake_out, logs, training)
        if slope is not None:
            logs.append(self.penalty.of_gradient(slope))
        elif self.penalty is not None:
            logs.append(self.penalty(lambda x: self.scores(self._call(x, training)[0]), real, frozen, self.seed_generator))
        total = total + (logs[-1] if self.penalty is not None else 0.0)
        logs = [ops.mean(value) for value in logs]
        logs[2] = self.adversarial_loss.of_loss(logs[0])
        for metric, value in zip(self.logged, logs, strict=True):
            metric.update_state(value)
        for variable, value in zip(self.discriminator.non_trainable_variables, state, strict=True):
            if value is not None:
                variable.assign(value)
        if training:
            self._remember()
        if sample_weight is not None:
            total = total * ops.cast(sample_weight, total.dtype)
        return ordered_gradient(ops.mean(total) + sum(self.losses) + activity)

    def scores(self, outputs):
        """The scores among what the discriminator gives."""
        return outputs

    def sides(self, inputs, real, fake, training):
        """What the discriminator compares: real ones, and fakes."""
        return real, fake

    def rows(self, samples):
        """How the discriminator takes what `sides` gives."""
        return samples

    def generator_loss(self, real, fake, real_scores, fake_scores, training):
        """What the generator's side lowers, one value a sample; the fakes' scores carry its gradient."""
        return self.adversarial_loss.generator(ops.stop_gradient(real_scores), fake_scores)

    def extra_loss(self, inputs, fake, frozen_outputs, fake_outputs, logs, training):
        """What a subclass adds, one value a sample; `frozen_outputs` have the weights of the discriminator, `fake_outputs` the
        fakes as variables. Appends to `logs` what `log_names` names."""
        return 0.0

    def held_discriminator(self, samples, training=False):
        """What the discriminator gives, its weights held and its state unwritten: gradients reach the samples alone."""
        weights = [ops.stop_gradient(ops.convert_to_tensor(v)) for v in self.discriminator.trainable_variables]
        state = self._state(self.discriminator)
        return self.discriminator.stateless_call(weights, state, self.rows(samples), training=training)[0]

    def generate(self, count, seed=None, averaged=True, batch_size=256):
        """Samples of Gaussian noise, NumPy, shape `(count, ...)`; of the averaged generator, or of the present one."""
        shape = self.generator.inputs[0].shape[1:]
        noise = np.random.default_rng(seed).standard_normal((count, *shape), dtype="float32")
        return self.decode(noise, averaged, batch_size)

    def decode(self, noise, averaged=True, batch_size=256):
        """Samples of this noise, NumPy."""
        own = self.generator.trainable_variables
        return self._outputs(self.generator, self.averaged[: len(own)] if averaged else own, noise, batch_size)

    def get_config(self):
        keep = keras.saving.serialize_keras_object
        own = {"generator": self.generator, "discriminator": self.discriminator, "loss": self.adversarial_loss}
        numbers = {"anchor": self.anchor, "average": self.average, "seed": self.seed}
        return {**super().get_config(), **{k: keep(v) for k, v in own.items()}, "penalty": keep(self.penalty), **numbers}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        networks = ("generator", "encoder", "discriminator", "loss", "penalty")
        return cls(**{k: keras.saving.deserialize_keras_object(v) if k in networks else v for k, v in config.items()})

    def _of_both(self, points, training):
        """Of the discriminator at real samples and fakes: outputs; the slope, if a penalty asks for it; the new state, not
        written yet, so that all calls of a step see one; regularisers of activity, which a later call would clear."""
        of_weights = sum(v.regularizer is not None for v in self.discriminator.trainable_variables)  # the last; counted already

        def function(points):
            outputs, state, losses = self._call(points, training, return_losses=True)
            activity = sum(losses[: len(losses) - of_weights], 0.0)
            return self.scores(outputs), (outputs, state, ops.convert_to_tensor(activity))

        if self.penalty is None or self.penalty.at != "both":
            return None, *function(points)[1]
        slope, more = input_gradient(function, points, has_aux=True)
        return slope, *more

    def _call(self, samples, training, **options):
        """What the discriminator gives by its present weights; its new state, unwritten, None where it stays, for torch lets no
        one write to a frozen weight before the gradient has passed; and more by options."""
        net, options = self.discriminator, {"training": training, **options}
        weights, state = [ops.convert_to_tensor(v) for v in net.trainable_variables], self._state(net)
        outputs, new, *more = net.stateless_call(weights, state, self.rows(samples), **options)
        return outputs, [None if after is before else after for before, after in zip(state, new, strict=True)], *more

    def _outputs(self, network, weights, inputs, batch_size):
        weights, state = [ops.convert_to_tensor(v) for v in weights], self._state(network)
        parts = [ops.convert_to_tensor(inputs[i : i + batch_size]) for i in range(0, len(inputs), batch_size)]
        outs = [network.stateless_call(weights, state, part, training=False)[0] for part in parts]
        return np.concatenate([ops.convert_to_numpy(ops.stop_gradient(out)) for out in outs])

    @staticmethod
    def _state(network):
        return [ops.convert_to_tensor(v) for v in network.non_trainable_variables]

    def _remember(self):
        """Moves the averaged weights, after they were read."""
        if len(self.averaged) != len(self.players()[0]):
            raise ValueError("`trainable` of the networks must be set before the GAN is made; received a change after")
        decay = ops.minimum(self.average, (1.0 + self.steps) / (10.0 + self.steps))
        for mean, variable in zip(self.averaged, self.players()[0], strict=True):
            value = ops.stop_gradient(ops.convert_to_tensor(variable))
            rate = ops.cast(decay, value.dtype)
            mean.assign(rate * mean + (1 - rate) * value)
        self.steps.assign_add(1.0)
