"""The network of `vae.py` without this library: what a step of training costs at least."""

LATENT, BATCH = 16, 100


def keras_epoch(weights, x):
    """A call that trains on `x` once: an autoencoder of Keras alone with these matrices, without noise or divergence."""
    import keras

    layers = [keras.layers.Dense(len(bias)) for bias in weights[1::2]]
    layers[0].activation = layers[2].activation = keras.activations.relu
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
    return lambda: model.fit(x, x, batch_size=BATCH, verbose=0)


def torch_epoch(weights, x):
    """The same model as ours, with torch and its Adam."""
    import torch

    weights, batches = [torch.nn.Parameter(torch.tensor(array)) for array in weights], torch.tensor(x).split(BATCH)
    kernel_0, bias_0, kernel_1, bias_1, kernel_2, bias_2, kernel_3, bias_3 = weights
    optimizer = torch.optim.Adam(weights, lr=1e-3)

    def loss(x):
        mean, log_variance = torch.addmm(bias_1, torch.addmm(bias_0, x, kernel_0).relu(), kernel_1).split(LATENT, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        logits = torch.addmm(bias_3, torch.addmm(bias_2, z, kernel_2).relu(), kernel_3)
        rate = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
        return (torch.nn.functional.softplus(logits).sum() - (x * logits).sum() + rate) / len(x)

    def epoch():
        for batch in batches:
            optimizer.zero_grad()
            loss(batch).backward()
            optimizer.step()

    return epoch


def jax_epoch(weights, x):
    """The same model, with JAX: one compiled step, which writes the new weights over the old."""
    import jax
    from jax import numpy as jnp

    def loss(weights, x, key):
        kernel_0, bias_0, kernel_1, bias_1, kernel_2, bias_2, kernel_3, bias_3 = weights
        parameters = jax.nn.relu(x @ kernel_0 + bias_0) @ kernel_1 + bias_1
        mean, log_variance = parameters[:, :LATENT], parameters[:, LATENT:]
        z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
        logits = jax.nn.relu(z @ kernel_2 + bias_2) @ kernel_3 + bias_3
        rate = 0.5 * jnp.sum(mean**2 + jnp.exp(log_variance) - log_variance - 1)
        return (jnp.sum(jax.nn.softplus(logits) - x * logits) + rate) / len(x)

    def step(state, x):
        weights, first, second, count, key = state
        key, now = jax.random.split(key)
        gradients = jax.grad(loss)(weights, x, now)
        rate = 1e-3 * jnp.sqrt(1 - 0.999 ** (count + 1)) / (1 - 0.9 ** (count + 1))
        first = [0.9 * old + 0.1 * new for old, new in zip(first, gradients, strict=True)]
        second = [0.999 * old + 0.001 * new * new for old, new in zip(second, gradients, strict=True)]
        moved = [w - rate * m / (jnp.sqrt(v) + 1e-7) for w, m, v in zip(weights, first, second, strict=True)]
        return moved, first, second, count + 1, key

    step = jax.jit(step, donate_argnums=0)
    zeros = [[jnp.zeros(array.shape) for array in weights] for _ in range(2)]
    state = [jnp.array(array) for array in weights], *zeros, 0.0, jax.random.key(0)

    def epoch():
        nonlocal state
        for start in range(0, len(x), BATCH):
            state = step(state, x[start : start + BATCH])
        jax.block_until_ready(state)

    return epoch
