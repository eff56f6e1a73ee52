"""pythae's VAE and IWAE beside those of the recipe `density`: the same images, network, epochs and score.

    python benchmarks/density.py [options of `keras-blog train density`]

Peer: pythae 0.1.2 on torch (`pip install pythae==0.1.2`), its `BaseTrainer`, from which the best weights on the validation part
are kept, as in the recipe. They go into our model, so that `models.log_likelihood` scores both. All figures stand in the header
of the recipe.
"""

import argparse
import time

import torch
from pythae.models import IWAE, VAE, IWAEConfig, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from vae import their_trainer

from keras_blog import models
from keras_blog.recipes import density


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    density.add_arguments(parser)
    options = parser.parse_args()
    train, validation, test = density.load(options)
    for kind, model, config in (("VAE", VAE, VAEConfig), ("IWAE", IWAE, IWAEConfig)):
        torch.manual_seed(options.seed)
        more = {"number_samples": options.importance} if kind == "IWAE" else {}
        config = config(input_dim=test[0].shape, latent_dim=options.latent, reconstruction_loss="bce", **more)
        theirs = model(config, Encoder(test[0].size, options), Decoder(test[0].shape, options))
        start, trainer = time.time(), their_trainer(theirs, train, validation, options.epochs)
        trainer.train()
        seconds, best = round(time.time() - start), trainer._best_model
        ours = models.VAE(*density.networks(test.shape[1:], options))
        for half, layers in ((ours.encoder, best.encoder.layers), (ours.decoder, best.decoder.layers)):
            half.set_weights([parameter.detach().numpy().T for parameter in layers.parameters()])
        print(density.line(kind, {**density.score(ours, test, options)[0], "seconds": seconds}), flush=True)


class Encoder(BaseEncoder):
    def __init__(self, pixels, options):
        super().__init__()
        self.layers = layers_of(pixels, options.units, 2 * options.latent)

    def forward(self, x):
        mean, log_variance = self.layers(x.flatten(1)).chunk(2, dim=1)
        return ModelOutput(embedding=mean, log_covariance=log_variance)


class Decoder(BaseDecoder):
    def __init__(self, shape, options):
        super().__init__()
        self.shape, self.layers = shape, layers_of(options.latent, options.units, shape[0] * shape[1])

    def forward(self, z):
        return ModelOutput(reconstruction=torch.sigmoid(self.layers(z)).reshape(-1, *self.shape))


def layers_of(inputs, units, outputs):
    linear, relu = torch.nn.Linear, torch.nn.ReLU
    return torch.nn.Sequential(linear(inputs, units), relu(), linear(units, units), relu(), linear(units, outputs))


if __name__ == "__main__":
    main()
