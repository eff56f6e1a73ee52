"""Steps of DCGAN and of WGAN-div beside a plain PyTorch loop of the same networks.

    python benchmarks/gan.py [--backends jax tensorflow torch] [--width 32] [--repeat 5] [--json FILE]

`models.dcgan` at 32 pixels, 3 channels, 128 numbers of noise, batch 64, without spectral normalisation; Adam. Ours is
`GAN.fit` of noise and images. The loop is the usual one, eager: a step of the discriminator with a backward pass, then one of
the generator. For the divergence (k = 2, p = 6, at real samples and fakes) it takes the slope of the scores that it has
already, as the authors of the paper do.

One worker process a backend, one core, one thread; in it both take turns of four steps, and what counts is process CPU time,
median of the turns, the first left out. The networks of both are first checked to give the same images and scores.

Measured, in docs/gan.md: torch .92 and 1.00 at width 32 (`--repeat 1`), .89 and 1.06 at 16 (`--repeat 3`), for a goal of .9;
JAX .7 and .8 at width 16, for 1.5.
"""

import argparse
import json
import os
import subprocess
import sys
import time

BATCH, SIZE, CHANNELS, LATENT, STEPS = 64, 32, 3, 128, 4
GOALS = {"jax": 1.5, "torch": 0.9}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=["jax", "tensorflow", "torch"])
    parser.add_argument("--width", type=int, default=32, help="feature maps at 32 pixels; 8 times that at 4 pixels")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return worker(args.worker, args.width, args.repeat)
    rows = []
    print(f"{'backend':>10} {'game':>9}{'our steps/s':>13}{'loop':>8}{'ours / loop':>13}{'goal':>6}")
    for backend in args.backends:
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, "1"), "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        command = [sys.executable, "-W", "ignore", __file__, "--worker", backend]
        command += ["--width", str(args.width), "--repeat", str(args.repeat)]
        output = subprocess.run(command, env=environment, capture_output=True, text=True)
        if output.returncode:
            sys.exit(output.stderr)
        for row in map(json.loads, filter(lambda line: line.startswith("{"), output.stdout.splitlines())):
            rows.append(row)
            goal = f"{GOALS[backend]:.1f}x" if backend in GOALS else ""
            speeds = [STEPS / row[name] for name in ("ours", "loop")]
            ratio = f"{speeds[0] / speeds[1]:.2f}x"
            print(f"{backend:>10} {row['game']:>9}{speeds[0]:13.2f}{speeds[1]:8.2f}{ratio:>13}{goal:>6}", flush=True)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(rows, file, indent=1)


def worker(backend, width, repeat):
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import torch

    torch.set_num_threads(1)
    import keras
    import numpy as np

    from keras_blog import losses, models

    rng = np.random.default_rng(0)
    noise = rng.normal(size=(STEPS * BATCH, LATENT)).astype("float32")
    images = rng.uniform(-1, 1, size=(STEPS * BATCH, SIZE, SIZE, CHANNELS)).astype("float32")
    for game in ("DCGAN", "WGAN-div"):
        keras.utils.set_random_seed(0)
        networks = models.dcgan(SIZE, CHANNELS, LATENT, width, spectral=False)
        theirs = [module(width) for module in (torch_generator, torch_discriminator)]
        copy(networks, theirs)
        check(networks, theirs, noise[:BATCH], images[:BATCH])
        pair = (losses.WassersteinGAN(), losses.WassersteinDivergence()) if game == "WGAN-div" else (losses.FGAN("gan"),)
        gan = models.GAN(*networks, *pair)
        gan.compile(models.PlayerOptimizer(*(keras.optimizers.Adam(2e-4, 0.5) for _ in range(2))))
        step = torch_step(*theirs, game)
        batches = [torch.tensor(noise).split(BATCH), torch.tensor(images).permute(0, 3, 1, 2).contiguous().split(BATCH)]

        def ours(gan=gan):
            gan.fit(noise, images, batch_size=BATCH, shuffle=False, verbose=0)

        def loop(step=step, batches=batches):
            for z, real in zip(*batches, strict=True):
                step(z, real)

        times = {"ours": [], "loop": []}
        for _ in range(repeat + 1):
            for name, call in (("ours", ours), ("loop", loop)):
                start = time.process_time()
                call()
                times[name].append(time.process_time() - start)
        print(json.dumps({"backend": backend, "game": game, **{k: sorted(v[1:])[repeat // 2] for k, v in times.items()}}))


def torch_generator(width):
    from torch import nn

    layers = [nn.Linear(LATENT, 16 * 8 * width, bias=False), nn.Unflatten(1, (8 * width, 4, 4))]
    for maps in (8, 4, 2):
        layers += [nn.BatchNorm2d(maps * width, 1e-3), nn.ReLU()]
        layers.append(nn.ConvTranspose2d(maps * width, maps // 2 * width, 4, 2, 1, bias=False))
    layers += [nn.BatchNorm2d(width, 1e-3), nn.ReLU(), nn.Conv2d(width, CHANNELS, 3, padding=1), nn.Tanh()]
    return nn.Sequential(*layers)


def torch_discriminator(width):
    from torch import nn

    layers = []
    for before, after in ((CHANNELS, 2 * width), (2 * width, 4 * width), (4 * width, 8 * width)):
        layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 8 * width, 1))


def torch_step(generator, discriminator, game):
    """A function of noise and images that trains both."""
    import torch
    from torch.nn.functional import softplus

    adam = {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-7}
    players = [torch.optim.Adam(network.parameters(), **adam) for network in (generator, discriminator)]

    def step(noise, images):
        fake = generator(noise)
        if game == "DCGAN":
            loss = softplus(-discriminator(images)).mean() + softplus(discriminator(fake.detach())).mean()
        else:
            samples = [images.detach().requires_grad_(), fake.detach().requires_grad_()]
            scores = [discriminator(sample) for sample in samples]
            slopes = torch.autograd.grad([score.sum() for score in scores], samples, create_graph=True)
            penalty = sum((slope.flatten(1).square().sum(1) ** 3).mean() for slope in slopes)  # k / 2 = 1
            loss = scores[1].mean() - scores[0].mean() + penalty
        players[1].zero_grad()
        loss.backward()
        players[1].step()
        scores = discriminator(fake)
        loss = softplus(-scores).mean() if game == "DCGAN" else -scores.mean()
        players[0].zero_grad()
        loss.backward()
        players[0].step()

    return step


def copy(ours, theirs):
    """Our kernels into the modules: channels come first there, so the rows of the dense layers have another order."""
    import torch
    from keras import ops

    for network, module in zip(ours, theirs, strict=True):
        values = [ops.convert_to_numpy(v) for v in network.trainable_variables]
        with torch.no_grad():
            for parameter, value in zip(module.parameters(), values, strict=True):
                if value.ndim == 4:
                    value = value.transpose(3, 2, 0, 1)
                elif value.ndim == 2 and value.shape[1] > 1:
                    value = value.reshape(len(value), 4, 4, -1).transpose(3, 1, 2, 0).reshape(-1, len(value))
                elif value.ndim == 2:
                    value = value.reshape(4, 4, -1).transpose(2, 0, 1).reshape(1, -1)
                parameter.copy_(torch.tensor(value))


def check(ours, theirs, noise, images):
    import numpy as np
    import torch
    from keras import ops

    with torch.no_grad():
        expected = theirs[0](torch.tensor(noise)).permute(0, 2, 3, 1), theirs[1](torch.tensor(images).permute(0, 3, 1, 2))
        received = ours[0](noise, training=True), ours[1](images, training=True)
        for one, other in zip(received, expected, strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(one), other.numpy(), atol=1e-4)


if __name__ == "__main__":
    main()
