"""Losses beside their peers: time of value and gradient, and peak memory.

    python benchmarks/losses.py [--backends jax tensorflow torch] [--rows NAME ...] [--repeat 5] [--json FILE]

One worker process a backend and row, one thread, one core. In it the peer (as it comes) and ours take turns on the same arrays;
what counts is process CPU time, median of the repeats. Values are first checked to be equal. Memory, for a million classes, is
the highest resident size during a first call less that before it, each in a process of its own.

A row is a function `rows_NAME(backend)` that yields `(label, theirs, {form: ours}, arrays, goal)`: `theirs()` runs the peer
once and returns its value, None where it is another loss; `ours(*arrays)` is a scalar of tensors, differentiated in all
arrays. To add one, write such a function and put it into `ROWS`.

Measured with `--repeat` 9, 3, 5 and 1 on two busy cores, November 2026, milliseconds. The peer is Keras's binary cross-entropy,
then CosFaceLoss of pytorch-metric-learning 2.9.0 on torch; a goal is the ratio that we want at least:

                   row    backend      form  ours, ms    theirs   ratio  goal
     multilabel 10,000        jax     dense       5.1      17.7   3.48x  0.77x
     multilabel 10,000 tensorflow     dense      13.7      18.7   1.37x  0.77x
     multilabel 10,000      torch     dense      17.7      12.0   0.68x  0.77x   not reached
     am-softmax 10,000        jax    matrix      52.9     146.1   2.76x  1.5x
     am-softmax 10,000        jax  streamed      75.0     113.1   1.51x  1.5x
    am-softmax 100,000        jax    matrix     722.5    1880.4   2.60x  2.0x
    am-softmax 100,000        jax  streamed     762.0    1916.9   2.52x  2.0x
     am-softmax 10,000 tensorflow    matrix      50.1      94.7   1.89x  1.5x
     am-softmax 10,000 tensorflow  streamed      78.0     116.2   1.49x  1.5x   reached by the other form
    am-softmax 100,000 tensorflow    matrix     549.5    2033.3   3.70x  3.0x
    am-softmax 100,000 tensorflow  streamed     782.9    1761.6   2.25x  3.0x   reached by the other form
     am-softmax 10,000      torch    matrix     108.2     111.3   1.03x  1.0x
     am-softmax 10,000      torch  streamed     111.8     118.4   1.06x  1.0x
    am-softmax 100,000      torch    matrix    1783.0    1821.9   1.02x  1.5x   reached by the other form
    am-softmax 100,000      torch  streamed    1135.4    1919.5   1.69x  1.5x
  am-softmax 1,000,000        jax  streamed    6793.4   24368.8   3.59x    1x, 2061 MB beside 5147
  am-softmax 1,000,000      torch  streamed   11504.4   19725.5   1.71x    1x, 1996 MB beside 5147
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

BACKENDS = ("jax", "tensorflow", "torch")
BATCH, DIM = 256, 256
# the peer's time divided by ours that we want, by backend
AM_SOFTMAX = {
    10_000: {"jax": 1.5, "tensorflow": 1.5, "torch": 1.0},
    100_000: {"jax": 2.0, "tensorflow": 3.0, "torch": 1.5},
    1_000_000: {"jax": 1.0, "torch": 1.0},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS))
    parser.add_argument("--rows", nargs="+", default=list(ROWS))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)  # row, backend, form whose memory to measure, or "time"
    args = parser.parse_args()
    if args.worker:
        return worker(*args.worker, args.repeat)
    found = []
    print(f"{'row':>22} {'backend':>10} {'form':>9}{'ours, ms':>10}{'theirs':>10}{'ratio':>8}{'goal':>6}{'MB':>8}{'theirs':>8}")
    for name in args.rows:
        for backend in args.backends:
            rows = run(name, backend, "time", args.repeat)
            memory = {}
            for form in dict.fromkeys(["theirs", *(row["form"] for row in rows)]) if name in WITH_MEMORY else ():
                memory.update({(row["label"], row["form"]): row["mb"] for row in run(name, backend, form, 1)})
            for row in rows:
                found.append(row)
                sizes = [memory.get((row["label"], form)) for form in (row["form"], "theirs")]
                row["mb"], row["their_mb"] = sizes
                goal = "" if row["goal"] is None else f"{row['goal']:.2g}x"
                megabytes = "".join("" if size is None else f"{size:8.0f}" for size in sizes)
                print(f"{row['label']:>22} {backend:>10} {row['form']:>9}{row['ours']:10.1f}{row['theirs']:10.1f}"
                      f"{row['theirs'] / row['ours']:7.2f}x{goal:>6}{megabytes}", flush=True)  # fmt: skip
    if args.json:
        with open(args.json, "w") as file:
            json.dump(found, file, indent=1)


def run(name, backend, what, repeat):
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, "1"), "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    command = [sys.executable, __file__, "--worker", name, backend, what, "--repeat", str(repeat)]
    output = subprocess.run(command, env=environment, capture_output=True, text=True)
    if output.returncode:
        sys.exit(output.stderr)
    return [json.loads(line) for line in output.stdout.splitlines() if line.startswith("{")]


def worker(name, backend, what, repeat):
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})
    import torch

    torch.set_num_threads(1)
    for label, theirs, forms, arrays, goal in ROWS[name](backend):
        row = {"label": label, "backend": backend, "goal": goal}
        if what != "time":
            call = theirs if what == "theirs" else ready(backend, forms[what], arrays) if what in forms else None
            if call is not None:
                print(json.dumps({**row, "form": what, "mb": memory(call)}), flush=True)
            continue
        for form, function in forms.items():
            ours = ready(backend, function, arrays)
            mine, peer = ours(), theirs()
            assert peer is None or abs(mine - peer) <= 1e-4 * abs(peer), (label, form, mine, peer)
            ours_ms, theirs_ms = alternate(ours, theirs, repeat)
            print(json.dumps({**row, "form": form, "ours": ours_ms, "theirs": theirs_ms}), flush=True)


def rows_am_softmax(backend, sizes=(10_000, 100_000)):
    """`layers.CosineDense` with `losses.AMSoftmax`, and `layers.ClassCenters` with `losses.StreamedMargin`."""
    import numpy as np
    import torch
    from keras import ops
    from pytorch_metric_learning.losses import CosFaceLoss

    from keras_blog import losses
    from keras_blog.layers.cosine_dense import unit
    from keras_blog.ops import class_centers

    for classes in sizes:
        if backend not in AM_SOFTMAX[classes]:
            continue
        rng = np.random.default_rng(0)
        x = rng.normal(size=(BATCH, DIM)).astype("float32")
        centers = rng.standard_normal(size=(classes, DIM), dtype="float32")
        labels = rng.integers(0, classes, size=BATCH).astype("int32")
        peer = CosFaceLoss(classes, DIM, margin=0.35, scale=30)
        peer.W.data = torch.tensor(centers).T.contiguous()
        leaf, target = torch.tensor(x, requires_grad=True), torch.tensor(labels, dtype=torch.int64)

        def theirs(peer=peer, leaf=leaf, target=target):
            loss = peer(leaf, target)
            torch.autograd.grad(loss, (leaf, peer.W))
            return loss.item()

        def matrix(x, centers, labels=labels):
            return ops.mean(losses.am_softmax(labels, ops.matmul(unit(x), ops.transpose(unit(centers)))))

        def streamed(x, centers, labels=labels):
            packed = class_centers.pack(unit(x), centers, ops.zeros((DIM,)))
            return ops.mean(losses.streamed_margin(labels, packed))

        forms = {"streamed": streamed} if classes > 100_000 else {"matrix": matrix, "streamed": streamed}
        yield f"am-softmax {classes:,}", theirs, forms, (x, centers), AM_SOFTMAX[classes][backend]


def rows_am_softmax_million(backend):
    """A million classes: 1 GB of centres, 1 GB of their gradient, and 1 GB for each matrix of cosines."""
    return rows_am_softmax(backend, (1_000_000,))


def rows_multilabel(backend, classes=10_000, goal=1 / 1.3):
    """`losses.MultilabelSoftmax` beside Keras's binary cross-entropy: another loss, of the same use and size."""
    import keras
    import numpy as np

    from keras_blog import losses

    rng = np.random.default_rng(0)
    scores = rng.normal(0.0, 3.0, size=(BATCH, classes)).astype("float32")
    labels = keras.ops.convert_to_tensor((rng.random((BATCH, classes)) < 0.002).astype("float32"))
    binary, ours = keras.losses.BinaryCrossentropy(from_logits=True), losses.MultilabelSoftmax()
    peer = ready(backend, lambda scores: binary(labels, scores), (scores,))

    def theirs():
        peer()

    yield f"multilabel {classes:,}", theirs, {"dense": lambda scores: ours(labels, scores)}, (scores,), goal


ROWS = {"multilabel": rows_multilabel, "am-softmax": rows_am_softmax, "am-softmax-million": rows_am_softmax_million}
WITH_MEMORY = ("am-softmax-million",)


def ready(backend, function, arrays):
    """Value and gradients of `function(*arrays)` as a call without arguments that waits for its results."""
    if backend == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(array) for array in arrays]

        @tf.function
        def gradient(*tensors):
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                value = function(*tensors)
            return value, tape.gradient(value, tensors)

        return lambda: float(gradient(*tensors)[0].numpy())
    if backend == "jax":
        import jax

        tensors = [jax.numpy.asarray(array) for array in arrays]
        gradient = jax.jit(jax.value_and_grad(function, argnums=tuple(range(len(arrays)))))
        return lambda: float(jax.block_until_ready(gradient(*tensors))[0])
    import torch

    tensors = [torch.from_numpy(array).requires_grad_() for array in arrays]

    def gradient():
        value = function(*tensors)
        torch.autograd.grad(value, tensors)
        return value.item()

    return gradient


def alternate(ours, theirs, repeat):
    """Median CPU milliseconds of each, in turns; both have run once."""
    times = ([], [])
    for _ in range(repeat):
        for call, kept in zip((ours, theirs), times, strict=True):
            start = time.process_time()
            call()
            kept.append(1e3 * (time.process_time() - start))
    return [sorted(kept)[len(kept) // 2] for kept in times]


def memory(call):
    """MB by which the resident size rises at most while `call` runs."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # sets the high-water mark to the present size
    before = high_water()
    call()
    return high_water() - before


def high_water():
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
