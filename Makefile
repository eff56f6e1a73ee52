# `make demo` and `make test` each build what they need from nothing: Python 3.11 or newer, pip and make.
PYTHON ?= python3
VENV ?= .venv
BACKEND ?= tensorflow
# On Linux the CPU build of TensorFlow; torch is pinned to one build, for an open range may pull gigabytes of CUDA.
EXTRA_tensorflow = tensorflow-cpu
EXTRA_jax = jax
EXTRA_torch = torch
PIN_torch = torch==2.13.0
PIN_benchmarks = torch==2.13.0
BIN = $(VENV)/bin
RUN = KERAS_BACKEND=$(BACKEND) $(BIN)/python

.PHONY: demo test test-slow bench docs notebooks clean

demo: $(VENV)/.$(BACKEND)
	$(BIN)/keras-blog train ner --backend $(BACKEND) --sentences 20000 --epochs 2

test: $(VENV)/.$(BACKEND) $(VENV)/.test
	OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 $(RUN) -m pytest --numprocesses 2 --dist worksteal $(ARGS)

test-slow: $(VENV)/.$(BACKEND) $(VENV)/.test
	$(RUN) -m pytest -m slow $(ARGS)

bench: $(VENV)/.tensorflow $(VENV)/.jax $(VENV)/.torch $(VENV)/.benchmarks
	$(BIN)/python benchmarks/attention.py
	$(BIN)/python benchmarks/crf.py
	$(BIN)/python benchmarks/gan.py
	$(BIN)/python benchmarks/losses.py

docs: $(VENV)/.tensorflow $(VENV)/.docs
	$(BIN)/python -m sphinx -W -q docs docs/_build/html
	@echo docs/_build/html/index.html

notebooks: $(VENV)/.tensorflow $(VENV)/.test
	$(BIN)/jupytext --to ipynb --update-metadata '{"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}' --execute notebooks/*.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# One stamp a backend or extra; an editable install, so the stamps depend on the metadata alone.
$(VENV)/.tensorflow $(VENV)/.jax $(VENV)/.torch: $(VENV)/.%: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRA_$*)]' $(PIN_$*)
	@touch $@

$(VENV)/.test $(VENV)/.docs $(VENV)/.benchmarks: $(VENV)/.%: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]" $(PIN_$*)
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info docs/_build
