"""The CRF beside pytorch-crf: loss with gradient, and decoding.

    python benchmarks/crf.py [--backends jax tensorflow torch] [--repeat 15] [--json FILE]

One worker process a backend, pinned to one core, one thread. In it pytorch-crf (eager, as it comes) and ours take turns on the
same random potentials, lengths between half and all of the steps; what counts is process CPU time, median of the repeats. Each
pair is first checked to give the same loss and the same best score.

`fit` is how `fit` runs the loss on a CPU (TensorFlow: a graph, the recursion in an XLA function of its own; JAX: jit; torch:
eager); `xla` is TensorFlow's `jit_compile=True`, Keras's default on a GPU. The gradient is that of the loss in emissions,
transitions, start and end scores, through `ops.crf.pack`.
"""

import argparse
import json
import os
import subprocess
import sys
import time

SHAPES = [(32, 128, 9), (32, 512, 32), (64, 64, 128)]
# pytorch-crf's time divided by ours that we want: (loss with gradient, decoding) a shape
TARGETS = {
    ("jax", "fit"): [(20, 8), (30, 8), (30, 8)],
    ("tensorflow", "fit"): [(8, 2), (18, 4), (18, 4)],
    ("tensorflow", "xla"): [(8, 2), (22, 5), (22, 5)],
    ("torch", "fit"): [(3, 2), (8, 3), (18, 3)],
}
# The same ratio of what cannot run here: measured once by us, beside pytorch-crf as well. TensorFlow Addons 0.23 needs
# TensorFlow 2.15, and its gradient fails under XLA; keras3-crf is a repository without a package.
OTHERS = {
    "TensorFlow Addons, graph": [(2.8, 1.8), (2.7, 1.2), (1.4, 0.8)],
    "keras3-crf, JAX": [(9.1, 34), (2.3, 0.9), (1.2, 0.3)],
    "keras3-crf, TensorFlow graph": [(2.2, 0.9), (1.5, 1.0), (1.6, 0.7)],
    "keras3-crf, torch": [(0.9, 0.3), (1.1, 0.3), (0.9, 0.5)],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=["jax", "tensorflow", "torch"])
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return worker(args.worker, args.repeat)
    rows = []
    print(" " * 29 + "loss and gradient, ms" + " " * 14 + "decode, ms")
    print(f"{'shape':>11} {'backend':>10} mode" + f"{'ours':>9}{'theirs':>9}{'ratio':>8}{'goal':>5}" * 2)
    for backend in args.backends:
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, "1"), "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        command = [sys.executable, __file__, "--worker", backend, "--repeat", str(args.repeat)]
        output = subprocess.run(command, env=environment, capture_output=True, text=True)
        if output.returncode:
            sys.exit(output.stderr)
        for row in map(json.loads, filter(lambda line: line.startswith("{"), output.stdout.splitlines())):
            rows.append(row)
            goals = TARGETS[backend, row["mode"]][SHAPES.index(tuple(row["shape"]))]
            print(f"{'x'.join(map(str, row['shape'])):>11} {backend:>10} {row['mode']:>4}", end="")
            for name, goal in zip(("loss", "decode"), goals, strict=True):
                ours, theirs = row[name]["ours"], row[name]["theirs"]
                print(f"{ours:9.2f}{theirs:9.1f}{theirs / ours:7.1f}x{goal:4}x", end="")
            print(flush=True)
    print(
        "\nOthers, from an earlier run: loss and gradient | decode, pytorch-crf's time divided by theirs, at the three shapes"
    )
    for name, ratios in OTHERS.items():
        print(f"{name:>30}" + "".join(f"{loss:8.1f}x |{decode:5.1f}x" for loss, decode in ratios))
    if args.json:
        with open(args.json, "w") as file:
            json.dump(rows, file, indent=1)


def worker(backend, repeat):
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})
    import torch

    torch.set_num_threads(1)
    import numpy as np
    import torchcrf
    from keras import ops

    from keras_blog.ops import crf

    for shape in SHAPES:
        batch, steps, tags = shape
        rng = np.random.default_rng(0)
        emissions = rng.normal(size=shape).astype("float32")
        lengths = rng.integers(steps // 2, steps + 1, size=batch)
        lengths[0] = steps
        mask = np.arange(steps) < lengths[:, None]
        labels = rng.integers(0, tags, size=(batch, steps))
        weights = [rng.uniform(-0.1, 0.1, size=size).astype("float32") for size in ((tags, tags), tags, tags)]

        theirs = torchcrf.CRF(tags, batch_first=True)
        for parameter, value in zip(
            (theirs.transitions, theirs.start_transitions, theirs.end_transitions), weights, strict=True
        ):
            parameter.data = torch.tensor(value)
        leaf = torch.tensor(emissions, requires_grad=True)
        torch_mask, torch_labels = torch.tensor(mask), torch.tensor(labels)

        def their_loss(theirs=theirs, leaf=leaf, labels=torch_labels, mask=torch_mask):
            loss = -theirs(leaf, labels, mask, reduction="sum")
            torch.autograd.grad(loss, (leaf, *theirs.parameters()))
            return loss.item()

        def their_decode(theirs=theirs, leaf=leaf, mask=torch_mask):
            with torch.no_grad():
                return theirs.decode(leaf, mask)

        def loss(*parts, mask=mask, labels=labels):
            return -ops.sum(crf.log_likelihood(crf.pack(*parts, mask), labels))

        def decode(*parts, mask=mask):
            return crf.decode(crf.pack(*parts, mask))

        for mode in ("fit", "xla") if backend == "tensorflow" else ("fit",):
            our_loss, our_decode = ready(backend, mode == "xla", loss, decode, [emissions, *weights])
            np.testing.assert_allclose(our_loss(), their_loss(), rtol=1e-5)
            paths = -np.ones((batch, steps), "int32")
            for row, path in zip(paths, their_decode(), strict=True):
                row[: len(path)] = path
            np.testing.assert_array_equal(np.asarray(our_decode()), paths)
            row = {"shape": shape, "mode": mode}
            row["loss"] = dict(zip(("ours", "theirs"), alternate(our_loss, their_loss, repeat), strict=True))
            row["decode"] = dict(zip(("ours", "theirs"), alternate(our_decode, their_decode, repeat), strict=True))
            print(json.dumps(row), flush=True)


def ready(backend, xla, loss, decode, arrays):
    """`(loss with gradient, decode)` as calls without arguments that wait for their results."""
    if backend == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(array) for array in arrays]

        @tf.function(jit_compile=xla)
        def gradient(*tensors):
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                value = loss(*tensors)
            return value, tape.gradient(value, tensors)

        decode = tf.function(decode, jit_compile=xla)
        return lambda: gradient(*tensors)[0].numpy(), lambda: decode(*tensors)[0].numpy()
    if backend == "jax":
        import jax

        tensors = [jax.numpy.asarray(array) for array in arrays]
        gradient = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2, 3)))
        decode = jax.jit(decode)
        return lambda: float(jax.block_until_ready(gradient(*tensors))[0]), lambda: jax.block_until_ready(decode(*tensors))[0]
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]

    def gradient():
        value = loss(*tensors)
        torch.autograd.grad(value, tensors)
        return value.item()

    def best():
        with torch.no_grad():
            return decode(*tensors)[0]

    return gradient, best


def alternate(ours, theirs, repeat, calls=4):
    """Median CPU milliseconds of each; they take turns of `calls` calls."""
    times = ([], [])
    for _ in range(repeat + 1):
        for call, kept in zip((ours, theirs), times, strict=True):
            start = time.process_time()
            for _ in range(calls):
                call()
            kept.append(1e3 * (time.process_time() - start) / calls)
    return [sorted(kept[1:])[repeat // 2] for kept in times]


if __name__ == "__main__":
    main()
