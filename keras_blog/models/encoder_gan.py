"""What a GAN with an encoder beside its generator has: codes, and samples from codes."""

import keras

from keras_blog.models.gan import GAN
from keras_blog.models.model_checks import check_networks


class EncoderGAN(GAN):
    """A generator and an encoder on one side, a discriminator on the other; the base of `AAE` and `ALI`.

    References:
        Article: kexue.fm 5716
    """

    def __init__(self, generator, encoder, discriminator, loss=None, penalty=None, **kwargs):
        check_networks(generator=generator, encoder=encoder, discriminator=discriminator)
        super().__init__(generator, discriminator, loss, penalty, **kwargs)
        there, back = ((tuple(net.inputs[0].shape[1:]), tuple(net.outputs[0].shape[1:])) for net in (generator, encoder))
        if there != back[::-1]:
            raise ValueError(
                f"`encoder` must give noise of shape {there[0]} for samples of shape {there[1]}; received one from {back[0]} "
                f"to {back[1]}"
            )
        self.encoder = encoder
        self.averaged = [*self.averaged, *self.copies(encoder.trainable_variables, "averaged_encoder")]

    def players(self):
        """The trainable variables of generator and encoder, and of the discriminator."""
        ours = [*self.generator.trainable_variables, *self.encoder.trainable_variables]
        return ours, self.discriminator.trainable_variables

    def encode(self, samples, averaged=True, batch_size=256):
        """Codes of samples, NumPy, shape `(count, ...)`; of the averaged encoder, or of the present one."""
        own = self.encoder.trainable_variables
        return self._outputs(self.encoder, self.averaged[-len(own) :] if averaged else own, samples, batch_size)

    def reconstruct(self, samples, averaged=True, batch_size=256):
        """Samples from the codes of samples, NumPy."""
        return self.decode(self.encode(samples, averaged, batch_size), averaged, batch_size)

    def get_config(self):
        return {**super().get_config(), "encoder": keras.saving.serialize_keras_object(self.encoder)}
