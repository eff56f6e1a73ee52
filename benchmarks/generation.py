"""Batched beam search beside a loop that runs the whole model again for each token, and beside keras-hub's BeamSampler.

    python benchmarks/generation.py [--backends jax tensorflow torch] [--repeat 5] [--json FILE]

Batch 32, beam 4, 64 steps, a vocabulary of 8,000, sources of 64 tokens; `models.Seq2Seq` with 256 units, untrained, so that no
search ends early. One worker process a backend, one core, one thread; in it the searches take turns on the same sources, and
what counts is process CPU time, median of the turns, compiling left out.

- `ours`: `Seq2Seq.generate`'s search, states re-ordered with their beams, a pool of finished hypotheses.
- `again`: `predict_on_batch` of the whole model for each token, the beams chosen by NumPy. Of its 64 steps, each of
  which runs the model on 64 places, four are run and counted sixteen times.
- `keras-hub`: its `BeamSampler` over the same step function and states, compiled as ours; it keeps no pool and adds log
  probabilities after the end. Left out where missing (`pip install --no-deps keras-hub regex tokenizers`, and `kagglehub`).
- `transformers`, on torch, for orientation: `generate` of a BART of one layer a side and the same dimensions, which attends
  where ours has GRUs; its keys and values are cached. Left out where missing.

Measured with `--repeat 3`, ours beside `again` and keras-hub: JAX 76.5x and 1.03x, TensorFlow 18.4x and 1.03x, torch 24.0x and
.99x; there `transformers` writes 1,308 tokens a second, ours 580.
"""

import argparse
import json
import os
import subprocess
import sys
import time

BATCH, BEAMS, STEPS, TOKENS, SOURCE, DIM = 32, 4, 64, 8000, 64, 256
AGAIN = 4
GOALS = {"again": 10.0, "keras-hub": 1.0}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=["jax", "tensorflow", "torch"])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return worker(args.worker, args.repeat)
    rows = []
    print(f"{'backend':>10} {'search':>10}{'tokens/s':>10}{'theirs / ours':>15}{'goal':>6}")
    for backend in args.backends:
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, "1"), "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        command = [sys.executable, "-W", "ignore", __file__, "--worker", backend, "--repeat", str(args.repeat)]
        output = subprocess.run(command, env=environment, capture_output=True, text=True)
        if output.returncode:
            sys.exit(output.stderr)
        seconds = json.loads(output.stdout.splitlines()[-1])
        rows.append({"backend": backend, **seconds})
        for name, value in seconds.items():
            goal = f"{GOALS[name]:.0f}x" if name in GOALS else ""
            ratio = f"{value / seconds['ours']:.1f}x"
            print(f"{backend:>10} {name:>10}{BATCH * STEPS / value:10.0f}{ratio:>15}{goal:>6}", flush=True)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(rows, file, indent=1)


def worker(backend, repeat):
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if backend == "torch":
        import torch

        torch.set_num_threads(1)
    import keras
    import numpy as np

    from keras_blog import models
    from keras_blog.models.text_search import TextSearch

    keras.utils.set_random_seed(0)
    tokens = [f"t{i}" for i in range(TOKENS - 4)]
    model = models.Seq2Seq(tokens, dim=DIM)
    model.build()
    sources = np.random.default_rng(0).integers(2, TOKENS - 2, (BATCH, SOURCE)).astype("int32")
    search = TextSearch(model, STEPS, BEAMS, {"length_penalty": 0.0, "allowed": None})

    few = TextSearch(model, AGAIN, BEAMS, {"length_penalty": 0.0, "allowed": None})

    def again():
        rows = np.repeat(sources, BEAMS, axis=0)
        prefix = np.zeros((BATCH * BEAMS, STEPS + 1), "int32")
        prefix[:, 0] = model.start
        scores = np.where(np.arange(BEAMS) == 0, 0.0, -1e30)[None].repeat(BATCH, axis=0)
        for t in range(AGAIN):
            logits = np.asarray(model.predict_on_batch((rows, prefix[:, :-1])))[:, t].astype("float64")
            total = logits - logits.max(1, keepdims=True)
            total -= np.log(np.exp(total).sum(1, keepdims=True))
            total = (scores[:, :, None] + total.reshape(BATCH, BEAMS, -1)).reshape(BATCH, -1)
            best = np.argpartition(-total, BEAMS)[:, :BEAMS]
            scores = np.take_along_axis(total, best, axis=1)
            beam, token = best // model.size, best % model.size
            prefix = prefix[(np.arange(BATCH)[:, None] * BEAMS + beam).ravel()]
            prefix[:, t + 1] = token.ravel()
        return scores.max(1)

    runs = {"ours": lambda: search.predict_on_batch(sources)[1][:, 0], "again": again}
    try:
        from keras_hub.samplers import BeamSampler
    except ImportError as error:
        print(error, file=sys.stderr)
    else:

        class Hub(keras.Model):
            def __init__(self):
                super().__init__()
                self.model, self.sampler = model, BeamSampler(BEAMS, return_all_beams=True)

            def call(self, inputs):
                step, state, _ = self.model.stepper(inputs, BEAMS)

                def following(prompt, cache, index):
                    logits, cache, _ = step(keras.ops.take(prompt, index - 1, axis=1), cache)
                    return logits, None, cache

                prompt = keras.ops.full((BATCH, STEPS + 1), self.model.start, "int32")
                return self.sampler(following, prompt, state, index=1)

        hub = Hub()
        runs["keras-hub"] = lambda: hub.predict_on_batch(sources)[1][:, 0]

    values = {name: np.asarray(run()) for name, run in runs.items()}
    expected = {**dict.fromkeys(runs, values["ours"]), "again": np.asarray(few.predict_on_batch(sources)[1][:, 0])}
    for name, value in values.items():
        share = np.isclose(value, expected[name], rtol=1e-4).mean()  # untrained: a near tie may fall to the other side
        assert share > 0.9, f"{name} agrees in {share:.0%} of the scores"
    if backend == "torch" and (bart := transformers_search(sources)):
        runs["transformers"] = bart
        bart()
    times = {name: [] for name in runs}
    for _ in range(repeat):
        for name, run in runs.items():
            start = time.process_time()
            run()
            times[name].append((time.process_time() - start) * (STEPS / AGAIN if name == "again" else 1))
    print(json.dumps({name: sorted(row)[len(row) // 2] for name, row in times.items()}))


def transformers_search(sources):
    """`generate` of a network of the same dimensions, or None where transformers is missing."""
    try:
        from transformers import BartConfig, BartForConditionalGeneration
    except ImportError as error:
        return print(error, file=sys.stderr)
    import torch

    sides = {f"{side}_{name}": n for side in ("encoder", "decoder")
             for name, n in (("layers", 1), ("attention_heads", 4), ("ffn_dim", 2 * DIM))}  # fmt: skip
    bart = BartForConditionalGeneration(BartConfig(vocab_size=TOKENS, d_model=DIM, max_position_embeddings=128, **sides)).eval()
    ids = torch.from_numpy(sources.astype("int64"))
    options = {"num_beams": BEAMS, "max_new_tokens": STEPS, "min_new_tokens": STEPS, "do_sample": False}
    return lambda: bart.generate(ids, attention_mask=torch.ones_like(ids), **options)


if __name__ == "__main__":
    main()
