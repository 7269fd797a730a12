# `make demo` and `make test` install what they need first; a second run installs nothing.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DOCS := $(VENV)/.docs
export HF_HUB_OFFLINE := 1
# modules stay compiled, also where the environment says otherwise: many tests start processes that import all of them
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install demo test coverage check fix bench docs clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	# wordllama is read for its vectors alone: its own dependencies are not needed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps wordllama
	touch $(STAMP)

demo: install
	$(BIN)/polyculture demo --out demo

test: install
	# two processes share the tests; each with one thread
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest

# one process, as several would each count apart; of `measure` and `store` alone: make coverage OF="tests/measure tests/test_store.py"
coverage: install
	OMP_NUM_THREADS=1 $(BIN)/python -m coverage run -m pytest -n 0 $(OF)
	$(BIN)/python -m coverage report

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(DOCS)
	# a warning is an error: so a link to a page or a heading that is not there is one
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	$(BIN)/python docs/check_site.py build/docs

$(DOCS): $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group docs
	touch $(DOCS)

# the project beside other packages, in environments below build/peers; POLYCULTURE_DATA names the benchmark data
bench: install
	$(BIN)/python benchmarks/peers/run.py

clean:
	rm -rf $(VENV) demo build
