"""The command line: `keras-blog list`, `train RECIPE`, `predict MODEL TEXT`, `ask TABLE QUESTION`."""

import argparse
import importlib
import importlib.util
import json
import os
import sys

from keras_blog import __version__
from keras_blog.recipes import COMMANDS, RECIPES

BACKENDS = ("tensorflow", "jax", "torch")


def main(arguments=None):
    """Run the command line; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    chosen = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    chosen.add_argument("--backend", choices=BACKENDS, help="the Keras backend (default: $KERAS_BACKEND, or tensorflow)")
    backend, _ = chosen.parse_known_args(arguments)
    try:
        parser = _parser(chosen, arguments)
        options, texts = parser.parse_known_args(arguments)
        if texts and (options.command != "predict" or any(text.startswith("-") for text in texts)):
            parser.error(f"unrecognized arguments: {' '.join(texts)}")
        if texts:  # argparse ends the list of texts at the first option
            options.texts += texts
        if options.command == "list":
            return _list()
        if options.command in COMMANDS:  # they need no backend
            _module(options.command).run(options)
            return 0
        _choose(backend.backend)
        if options.command == "ask":
            _module("ask").run(options)
            return 0
        return _train(options) if options.command == "train" else _predict(options)
    except KeyboardInterrupt:
        print("\nkeras-blog: interrupted; the same command continues after the last whole epoch", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains again while it shuts down
        return 1
    except (ValueError, OSError, RuntimeError) as error:
        if os.environ.get("KERAS_BLOG_TRACEBACK"):
            raise
        print(f"keras-blog: error: {error}", file=sys.stderr)
        return 2


def _parser(chosen, arguments):
    parser = argparse.ArgumentParser(prog="keras-blog", description="Train and use the reference models of keras_blog.")
    parser.add_argument("--version", action="version", version=f"keras-blog {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the recipes")
    train = commands.add_parser("train", help="train a reference model from start to end")
    recipes = train.add_subparsers(dest="recipe", required=True, metavar="RECIPE")
    for name, line in RECIPES.items():
        recipe = recipes.add_parser(name, help=line, description=line, parents=[chosen])
        if arguments[:2] == ["train", name]:  # only the recipe that runs is imported, with the backend that was chosen
            _choose(chosen.parse_known_args(arguments)[0].backend)
            _module(name).add_arguments(recipe)
    for name, line in COMMANDS.items():
        command = commands.add_parser(name, help=line, description=line)
        if arguments[:1] == [name]:
            _module(name).add_arguments(command)
    ask = commands.add_parser("ask", help="a question about a table, in plain language", parents=[chosen])
    if arguments[:1] == ["ask"]:
        _choose(chosen.parse_known_args(arguments)[0].backend)
        _module("ask").add_arguments(ask)
    predict = commands.add_parser("predict", help="apply a trained model to texts", parents=[chosen])
    predict.add_argument("model", help="the model.keras of a recipe, or `lac`: Baidu's pretrained LAC")
    predict.add_argument("texts", nargs="*", help="texts (default: the lines of standard input)")
    predict.add_argument("--json", action="store_true", help="a JSON object a line")
    return parser


def _choose(backend):
    """Keras reads its backend when it is first imported, so this comes before."""
    backend = backend or os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend in BACKENDS and importlib.util.find_spec(backend) is None:
        raise ValueError(f"the backend {backend} is not installed; try: pip install 'keras-blog[{backend}]'")
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # TensorFlow greets on the standard error before it reads that level; what goes wrong comes as an exception all the same.
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        importlib.import_module("keras")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _module(recipe):
    return importlib.import_module(f"keras_blog.recipes.{recipe.replace('-', '_')}")


def _list():
    for name, line in RECIPES.items():
        print(f"{name:20} {line}")
    print("\nWithout a backend, as `keras-blog NAME FILE`:")
    for name, line in COMMANDS.items():
        print(f"{name:20} {line}")
    return 0


def _train(options):
    _module(options.recipe).run(options)
    return 0


def _predict(options):
    from keras_blog.recipes import prediction

    model = prediction.load(options.model)
    for text in options.texts or (line.rstrip("\r\n") for line in sys.stdin):
        answer = prediction.predict(model, text)
        print(json.dumps(answer, ensure_ascii=False) if options.json else prediction.line(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
