# Each target makes its own environment in .venv; nothing outside this folder is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCENARIO ?= scenarios/aleppo_2024.yaml
MEMBERS ?= 64
KEPT := scenarios/backtests/scores.csv
COMPILED := CMakeLists.txt $(wildcard src/displacement/kernels/*.?pp)

.PHONY: run bench backtest calibrate tables test test-slow test-browser test-office reproduce docs bundle check format manifest clean

$(VENV)/.installed: pyproject.toml $(COMPILED)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.developer: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,check]'
	touch $@

run: $(VENV)/.installed
	$(BIN)/displacement run $(SCENARIO)

# Runs the past cases and keeps their scores; README and model card say what they say.
backtest: $(VENV)/.installed
	$(BIN)/displacement backtest --members $(MEMBERS)
	cp runs/backtest/scores.csv $(KEPT)
	$(BIN)/python tools/generated_parts.py $(KEPT) README.md MODEL_CARD.md data/nw_syria
	$(BIN)/python tools/manifest.py data/nw_syria

# Fits the shared assumptions to the cases marked for calibration; what comes out is what runs use.
calibrate: $(VENV)/.installed
	$(BIN)/displacement calibrate --out src/displacement/movement/calibrated.yaml
	$(BIN)/python tools/generated_parts.py $(KEPT) README.md MODEL_CARD.md data/nw_syria
	$(BIN)/python tools/manifest.py data/nw_syria

# The tables alone, from the scores and the parameters that are kept.
tables: $(VENV)/.installed
	$(BIN)/python tools/generated_parts.py $(KEPT) README.md MODEL_CARD.md data/nw_syria
	$(BIN)/python tools/manifest.py data/nw_syria

test: $(VENV)/.developer
	$(BIN)/python -m pytest -q

test-slow: $(VENV)/.developer
	$(BIN)/python -m pytest -q -m slow

# The same tables and arrays on another Python, with the same versions of everything else: make reproduce OTHER=python3.12
OTHER ?= python3.12
reproduce: $(VENV)/.developer
	rm -rf build/other && $(OTHER) -m venv build/other
	$(BIN)/python -m pip freeze --exclude-editable > build/versions.txt
	build/other/bin/python -m pip install --quiet --disable-pip-version-check -c build/versions.txt .
	DISPLACEMENT_OTHER_PYTHON=$(CURDIR)/build/other/bin/python $(BIN)/python -m pytest -q tests/test_reproduced.py

# The brief in headless Chromium (Debian: apt-get install chromium fonts-noto-core); screenshots in build/screenshots.
test-browser: $(VENV)/.developer
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[browser]'
	$(BIN)/python -m pytest -q -m browser tests/browser

# Workbooks recalculated in LibreOffice (soffice on the path).
test-office: $(VENV)/.developer
	$(BIN)/python -m pytest -q -m office

# The documentation, in build/site: open build/site/index.html. What it says of the code is made from the code.
docs: $(VENV)/.developer
	$(BIN)/mkdocs build --strict

# Kernels and whole runs beside the packages one would otherwise pick; a quarter of an hour on an idle machine.
bench: $(VENV)/.developer
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	mkdir -p build
	$(BIN)/python -m pytest benchmarks -q -W default -o pythonpath='tests benchmarks' \
		-o python_files='movement.py travel.py whole.py' \
		--benchmark-json build/bench.json
	$(BIN)/python benchmarks/table.py build/bench.json benchmarks/RESULTS.md

check: $(VENV)/.developer
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(VENV)/.developer
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# A folder for Windows without a network, build/displacement-windows; then the same for this machine, installed offline and run.
bundle: $(VENV)/.installed
	$(BIN)/python tools/bundle.py
	$(BIN)/python tools/bundle.py --try

manifest: $(VENV)/.installed
	$(BIN)/python tools/manifest.py data/nw_syria

clean:
	rm -rf $(VENV) runs build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
