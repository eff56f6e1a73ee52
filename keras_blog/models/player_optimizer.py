"""An optimizer a player, so that each has its own rate and pace."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class PlayerOptimizer(keras.optimizers.Optimizer):
    """Updates the generator by one optimizer and the discriminator by another.

        gan.compile(models.PlayerOptimizer(keras.optimizers.Adam(1e-4, 0.5), keras.optimizers.Adam(4e-4, 0.5)))

    Args:
        generator: optimizer of the generator (and of an encoder beside it).
        discriminator: optimizer of the discriminator.
        every: two ints; a player moves at every so manieth step. `(5, 1)` is five steps of the discriminator to one of the
            generator.
        name: of the optimizer.

    Raises:
        ValueError: if `every` is not two positive ints, or the model that is compiled has no players.

    References:
        Article: kexue.fm 6139
        Paper: Heusel et al., GANs Trained by a Two Time-Scale Update Rule, arXiv:1706.08500
    """

    def __init__(self, generator, discriminator, every=(1, 1), name="player_optimizer"):
        super().__init__(learning_rate=0.0, name=name)
        every = tuple(every)
        if len(every) != 2 or not all(isinstance(n, int) and n > 0 for n in every):
            raise ValueError(f"`every` must be two positive ints; received {every}")
        self.generator, self.discriminator = keras.optimizers.get(generator), keras.optimizers.get(discriminator)
        self.every = every
        self._theirs = None

    def players(self, generator, discriminator):
        """Say whose the variables are; `GAN.compile` does."""
        self._theirs = tuple(frozenset(id(variable) for variable in player) for player in (generator, discriminator))

    def build(self, variables):
        super().build(variables)
        for (optimizer, _), part in zip(self._both(), self._parts(variables), strict=True):
            if not optimizer.built:
                optimizer.build(part)

    @property
    def variables(self):
        return [*self._variables, *self.generator.variables, *self.discriminator.variables]

    def apply(self, grads, trainable_variables=None):
        trainable_variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        if not self.built:
            self.build(trainable_variables)
        gradients = {id(variable): gradient for variable, gradient in zip(trainable_variables, grads, strict=True)}
        for (optimizer, every), part in zip(self._both(), self._parts(trainable_variables), strict=True):
            changed = [*part, *optimizer.variables] if every > 1 else []
            before = [ops.copy(ops.convert_to_tensor(variable)) for variable in changed]
            optimizer.apply([gradients[id(variable)] for variable in part], part)
            moves = ops.equal(ops.mod(self._iterations + 1, every), 0)
            for variable, value in zip(changed, before, strict=True):
                variable.assign(ops.where(moves, ops.convert_to_tensor(variable), value))
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list):
        for (optimizer, _), part in zip(self._both(), self._parts(var_list), strict=True):
            optimizer.finalize_variable_values(part)

    def get_config(self):
        both = {name: keras.optimizers.serialize(getattr(self, name)) for name in ("generator", "discriminator")}
        return {**both, "every": list(self.every), "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        both = {name: keras.optimizers.deserialize(config[name]) for name in ("generator", "discriminator")}
        return cls(**{**config, **both})

    def _both(self):
        return zip((self.generator, self.discriminator), self.every, strict=True)

    def _parts(self, variables):
        if self._theirs is None:
            raise ValueError("`optimizer` must be that of a model with players, as GAN; received PlayerOptimizer")
        return [[variable for variable in variables if id(variable) in theirs] for theirs in self._theirs]
