"""Sparse attention beside dense attention with a mask, lucidrains' local-attention, FlexAttention and jax.nn.

    python benchmarks/attention.py [--backends tensorflow jax torch] [--rivals dense flex] [--repeat 7] [--json FILE]

Batch 1, 8 heads, dim 64, causal window 256; projections are outside. One process, one core and one thread a comparison; in it
ours and theirs take turns, and what counts is process CPU time, median of the turns. Before the clock runs, both must give the
same numbers. TensorFlow runs a graph, or with `xla` an XLA program; JAX jit; torch eager, but FlexAttention compiled. Theirs:

- `dense`: `keras.ops.dot_product_attention` with a mask, what `MultiHeadAttention(sliding_window=256)` does;
- `jax.nn`: `jax.nn.dot_product_attention(local_window_size=(255, 0), implementation="xla")`;
- `lucidrains`: local-attention's `LocalAttention`, exact window, on torch;
- `flex`: torch's `flex_attention` in a compiled function; on a CPU it has no gradient.

Then ours alone: time and peak memory by length, and atrous attention beside local attention of equal density. What was measured
is in docs/attention.md. It reaches the goals but these: dense attention on JAX, forward, 6.8 of 7; `jax.nn` with gradient, 13.2
of 15; the length doubled costs torch up to 2.5 times; atrous attention, forward on torch, 1.1 to 1.2
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

HEADS, DIM, WINDOW = 8, 64, 256
RIVALS = {"tensorflow": ["dense"], "tensorflow-xla": ["dense"], "jax": ["dense", "jax.nn"],
          "torch": ["dense", "lucidrains", "flex"]}  # fmt: skip
GOALS = {"dense": (7, 5), "jax.nn": (6, 15), "lucidrains": (2.5, 2.5), "flex": (1, None)}
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=list(RIVALS))
    parser.add_argument("--rivals", nargs="*", default=list(GOALS), help="default: all that the backend has")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return worker(*args.worker, args.repeat)
    rows = []

    def run(backend, what, n):
        environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "KERAS_BACKEND": backend.split("-")[0]}
        environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
        command = [sys.executable, "-W", "ignore", __file__, "--repeat", str(args.repeat), "--worker", backend, what, str(n)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            print(f"{backend} {what} {n}: {done.stderr.strip().splitlines()[-1]}")
            return None
        rows.append({"backend": backend, "what": what, "n": n, **json.loads(done.stdout.splitlines()[-1])})
        return rows[-1]

    print("4,096 steps, CPU ms         forward: ours theirs  ratio goal    with gradient: ours theirs  ratio goal")
    for backend in args.backends:
        for rival in (name for name in RIVALS[backend] if name in args.rivals):
            row = run(backend, rival, 4096)
            if row:
                print(f"{backend:>14} {rival:>11}", end="")
                for name, goal in zip(("forward", "gradient"), GOALS[rival], strict=True):
                    if row[name]:
                        ours, theirs = row[name]
                        print(f"{ours:14.0f}{theirs:7.0f}{theirs / ours:8.1f}x{goal:>5}", end="")
                print(flush=True)
    print("\nours, CPU ms (peak extra MB), forward | with gradient")
    for backend in args.backends:
        for what in ("local", "atrous"):
            print(f"{backend:>14} {what:>7}", end="")
            for n in (2048, 4096, 8192, 16384) if what == "local" else (4096, 16384):
                row = run(backend, what, n)
                if row:
                    parts = (f"{row[name][0]:6.0f} ({row[name][1]:.0f})" for name in ("forward", "gradient"))
                    print(f"   {n:,}: {' |'.join(parts)}", end="", flush=True)
            print()
        row = run(backend, "forward", 65536)
        if row:
            print(
                f"{backend:>14}   local   65,536: {row['forward'][0]:6.0f} ({row['forward'][1]:.0f}) forward only", flush=True
            )
    if args.json:
        with open(args.json, "w") as file:
            json.dump(rows, file, indent=1)


def worker(backend, what, n, repeat):
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})
    import torch

    torch.set_num_threads(1)
    import numpy as np

    from keras_blog.ops import sparse_attention

    n, xla = int(n), backend.endswith("xla")
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(1, n, HEADS, DIM)).astype("float32") for _ in range(3)]
    # Atrous attention of the density of the local window: a causal rate r sees n / (2 r) steps, a window sees 256.
    pattern = sparse_attention.atrous(n // (2 * WINDOW), True) if what == "atrous" else sparse_attention.local(WINDOW, True)
    ours = ready(backend.split("-")[0], xla, lambda q, k, v: sparse_attention.attend(q, k, v, pattern), arrays)
    if what in ("local", "atrous", "forward"):
        found = {}
        for name, call in zip(("forward", "gradient"), ours, strict=True):
            if name == "forward" or what != "forward":
                before = memory()
                call()
                extra = memory() - before
                found[name] = [alternate([call], repeat if n < 65536 else 1)[0], extra]
        return print(json.dumps(found))
    theirs = rival(what, backend.split("-")[0], xla, arrays)
    np.testing.assert_allclose(ours[0](), theirs[0](), atol=1e-5)
    found = {"forward": alternate((ours[0], theirs[0]), repeat), "gradient": None}
    if theirs[1]:
        for mine, other in zip(ours[1](), theirs[1](), strict=True):
            np.testing.assert_allclose(np.asarray(mine), np.asarray(other), atol=1e-4)
        found["gradient"] = alternate((ours[1], theirs[1]), min(repeat, 5))
    print(json.dumps(found))


def rival(name, backend, xla, arrays):
    import numpy as np
    from keras import ops

    n = arrays[0].shape[1]
    if name == "dense":
        far = np.arange(n)[:, None] - np.arange(n)
        mask = ((far >= 0) & (far < WINDOW))[None, None]
        return ready(backend, xla, lambda q, k, v: ops.dot_product_attention(q, k, v, mask=mask), arrays)
    if name == "jax.nn":
        import jax

        window = {"local_window_size": (WINDOW - 1, 0), "implementation": "xla"}
        return ready(backend, xla, lambda q, k, v: jax.nn.dot_product_attention(q, k, v, **window), arrays)
    if name == "lucidrains":
        from local_attention import LocalAttention

        layer = LocalAttention(
            dim=DIM, window_size=WINDOW - 1, look_backward=1, causal=True, exact_windowsize=True,
            autopad=True, use_rotary_pos_emb=False,
        )  # fmt: skip
        return ready(backend, xla, lambda *x: layer(*(t.transpose(1, 2) for t in x)).transpose(1, 2), arrays)
    import torch
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    seen = create_block_mask(lambda b, h, i, j: (i >= j) & (i - j < WINDOW), None, None, n, n, device="cpu")
    call = torch.compile(lambda *x: flex_attention(*(t.transpose(1, 2) for t in x), block_mask=seen).transpose(1, 2))
    tensors = [torch.tensor(array) for array in arrays]

    def forward():
        with torch.no_grad():
            return call(*tensors).numpy()

    return forward, None


def ready(backend, xla, function, arrays):
    """`(forward, gradients)` as calls without arguments that wait for their results, NumPy."""
    if backend == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(array) for array in arrays]
        forward = tf.function(function, jit_compile=xla, autograph=False)

        @tf.function(jit_compile=xla, autograph=False)
        def gradients(*tensors):
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                value = tf.reduce_sum(function(*tensors) ** 2)
            return tape.gradient(value, tensors)

        return lambda: forward(*tensors).numpy(), lambda: [x.numpy() for x in gradients(*tensors)]
    if backend == "jax":
        import jax

        tensors = [jax.numpy.asarray(array) for array in arrays]
        forward = jax.jit(function)
        gradients = jax.jit(jax.grad(lambda *x: (function(*x) ** 2).sum(), argnums=(0, 1, 2)))
        return lambda: jax.block_until_ready(forward(*tensors)), lambda: jax.block_until_ready(gradients(*tensors))
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]

    def forward():
        with torch.no_grad():
            return function(*tensors).numpy()

    return forward, lambda: torch.autograd.grad((function(*tensors) ** 2).sum(), tensors)


def alternate(calls, repeat):
    """Median CPU milliseconds of each call; they take turns."""
    times = [[] for _ in calls]
    for _ in range(repeat):
        for call, kept in zip(calls, times, strict=True):
            start = time.process_time()
            call()
            kept.append(1e3 * (time.process_time() - start))
    return [sorted(kept)[len(kept) // 2] for kept in times]


def memory():
    """Peak resident memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
