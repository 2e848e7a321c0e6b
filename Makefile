# neurorec from a fresh clone: `make demo` runs two experiments, `make test` all tests. Needs Python 3.11 and gcc (for Brian2).
# Everything is installed into .venv; remove that folder and nothing is left.

# Which interpreter makes .venv (and, for `make gpu`, which runs without it), and what pytest is told: make test PYTHON=python3.11 ARGS="-k rflo"
PYTHON ?= python3
ARGS ?=

VENV := .venv
RUN := $(VENV)/bin/python
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-thorough test-fast brian2-newest gpu lint docs notebooks reproduce reproduce-quick clean

demo: $(VENV)/.installed
	$(RUN) tasks/recorded_pattern.py
	$(RUN) tasks/periodic_output.py

# Two processes of one thread each (tests/conftest.py sets the threads); then the CUDA kernels, in Numba's simulator.
# Every pair of choices and a few examples; test-thorough runs every combination, many examples, more seeds (tests/breadth.py).
test-thorough: export NEUROREC_TESTS := thorough
test test-thorough: $(VENV)/.installed
	$(RUN) -m pytest -q -n 2 --ignore tests/simulator $(ARGS)
	NUMBA_ENABLE_CUDASIM=1 $(RUN) -m pytest -q -n 2 tests/simulator

# While one works: rules on the reference and the compiled engine for a few of the cells, formulas, networks, options, floors.
FAST := tests/contract/test_rules.py tests/test_floors.py tests/test_formula.py tests/test_network.py tests/test_options.py tests/test_public_names.py \
	tests/test_simulate.py tests/test_storage.py tests/test_training.py
LEFT_OUT := torch or unrolled or cuda or complex_modrelu or cornn or gru or leaky_relu or leaky_sigmoid or leaky_softplus or lem or lif or lru or modrelu

test-fast: $(VENV)/.installed
	$(RUN) -m pytest -q -n 2 -m "not slow" -k "not ($(LEFT_OUT))" $(FAST) $(ARGS)

# With what its newest release asks for, Python 3.12 and a NumPy that the one for 3.11 does not run with: Brian2 against the reference, without torch.
NEWEST := .venv-brian2

brian2-newest: $(NEWEST)/.installed
	NEUROREC_CACHE="$(CURDIR)/$(NEWEST)/cache" $(NEWEST)/bin/python -m pytest -q -p no:xdist tests/test_brian2.py $(ARGS)

# Where there is a GPU: every arrangement of its engine at real sizes, then its benchmarks, to runs/. make gpu PYTHON=python3
# runs with what that Python has and installs nothing; what versions other than ours warn of is then no error.
ifeq ($(origin PYTHON),file)
gpu: $(VENV)/.installed
gpu: GPU_PYTHON := $(RUN)
else
gpu: GPU_PYTHON := PYTHONPATH="$(CURDIR)" $(PYTHON)
endif
gpu:
	$(GPU_PYTHON) -m pytest -q -m gpu -p no:xdist -o filterwarnings=default -rs tests/gpu
	$(GPU_PYTHON) benchmarks/gpu.py --out runs

lint: $(VENV)/.installed
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pyright

docs: $(VENV)/.installed-docs
	$(RUN) -m sphinx -q -W --keep-going -b html docs docs/_build/html
	@! grep -rlE '<(script|link|img)[^>]* (src|href)="https?:[^"]*\.(js|css|png|svg|woff2?)' --include='*.html' docs/_build/html \
		|| (echo "these pages need the internet to be shown; bundle what they load" >&2; exit 1)
	@echo "open docs/_build/html/index.html"

# The notebooks anew, in place, on the runs in runs/: each names in its metadata the scripts in tasks/ that make them.
notebooks: $(VENV)/.installed
	NEUROREC_RUNS="$(CURDIR)/runs" $(VENV)/bin/jupyter-execute --inplace --timeout=600 analysis/*.ipynb

# Numbers in data/ anew: of every experiment, in place, a day, and once more where it was stopped (ARGS=flip_flop: of one file); or of a sample,
# in minutes, which fails where they are not as committed.
reproduce: $(VENV)/.installed
	$(RUN) data/reproduce.py $(ARGS)

reproduce-quick: $(VENV)/.installed
	$(RUN) data/reproduce.py --quick

clean:
	rm -rf $(VENV) $(NEWEST) build dist docs/_build .pytest_cache .ruff_cache .hypothesis
	find neurorec tests tasks -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say that what pyproject.toml and constraints.txt ask for is installed; an interrupted install leaves none.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("$(PYTHON) is Python %d.%d; neurorec needs 3.11 or newer: make PYTHON=python3.11" % sys.version_info[:2])'
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "installing neurorec and what it needs into $(VENV): a minute or two, the first time"
	@$(INSTALL) -e '.[dev]'
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	@$(INSTALL) -e '.[dev,docs]'
	@touch $@

$(NEWEST)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 12) or sys.exit("$(PYTHON) is Python %d.%d; the newest brian2 needs 3.12 or newer: make brian2-newest PYTHON=python3.12" % sys.version_info[:2])'
	@test -x $(NEWEST)/bin/python || $(PYTHON) -m venv $(NEWEST)
	@$(NEWEST)/bin/python -c 'import tomllib; print(*(each for each in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"] if not each.startswith("torch")), sep="\n")' \
		> $(NEWEST)/needed.txt
	@$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check -r $(NEWEST)/needed.txt hypothesis pytest
	@$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@
