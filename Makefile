# Everything sets itself up: a bare machine needs Python 3.11 and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?=

.PHONY: demo test bench lint docs clean

demo: $(VENV)/.installed-demo
	$(BIN)/earthweave demo $(DEMO)

# in two halves beside each other, since most tests use one core; the first is printed when both are done
LINKED := $(addprefix tests/,cli conformance federation geometry mapping ontology qa questions results sparql store)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(LINKED) > .linked.log 2>&1 & linked=$$!; \
	$(BIN)/python -m pytest tests $(LINKED:%=--ignore=%); rest=$$?; \
	wait $$linked; linked=$$?; cat .linked.log; exit $$((linked + rest))

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/yamllint -s -d '{extends: default, rules: {line-length: {max: 140}, document-start: disable}}' docker
	$(BIN)/python tests/style/figures.py

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/generate.py

$(VENV)/.installed-%: pyproject.toml setup.py constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --upgrade pip setuptools
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --quiet -c constraints.txt -e ".[$(if $(filter dev,$*),dev,qa,server)]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .linked.log .mypy_cache .ruff_cache .pytest_cache .hypothesis
