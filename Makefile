# Each target makes its own virtual environment; nothing but Python 3.11+ and the package index is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where Python may not write byte code (PYTHONDONTWRITEBYTECODE), every command would compile all of the project again.
COMPILE = @$(BIN)/python -m compileall -q newsarchive || true

.PHONY: demo test torture years bench bench-all lint clean

demo: $(VENV)/run
	$(COMPILE)
	@$(BIN)/scrapy demo

# More than there are cores: many tests wait, for a delay, a lock or a server.
TESTERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 )))

test: $(VENV)/dev $(VENV)-pywb/done $(VENV)-scrapyd/done
	$(COMPILE)
	$(BIN)/python -m pytest -q -rs -n $(TESTERS) --dist worksteal

# The speed of a crawl beside bare Scrapy's and the peers': it wants nginx. Under ten minutes.
bench: $(VENV)/run
	$(COMPILE)
	$(BIN)/python bench/startup.py --pairs 5
	$(BIN)/python bench/speed.py --peers

# All the other figures of bench/RESULTS.md: hours.
bench-all: bench $(VENV)/dev
	$(BIN)/python bench/capture.py --day
	$(BIN)/python bench/browser.py
	$(BIN)/python bench/extraction.py --peers
	$(BIN)/python bench/scale.py

# Kills crawls 200 times at random moments, then one at every 25th write or fsync; the sweep wants strace.
torture: $(VENV)/dev
	@command -v strace > /dev/null || { echo "strace is missing: apt-get install strace"; exit 1; }
	PYTHONPATH=. $(BIN)/python tests/torture.py --kills 200 --sweep 25

# Alarms: a week of real crawls with a moved clock, twenty simulated weeks of troubles, and twenty quiet years.
years: $(VENV)/dev
	PYTHONPATH=.:tests $(BIN)/python tests/real_week.py
	PYTHONPATH=.:tests $(BIN)/python tests/simulated.py

lint: $(VENV)/dev
	$(BIN)/ruff check newsarchive tests bench
	$(BIN)/ruff format --check newsarchive tests bench

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: requirements.txt | $(BIN)/python
	$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev: requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# A web archive's server, asked by the tests as CDX server and for raw captures.
$(VENV)-pywb/done: requirements-pywb.txt
	$(PYTHON) -m venv $(VENV)-pywb
	$(VENV)-pywb/bin/pip install -q --disable-pip-version-check -r requirements-pywb.txt
	@touch $@

# scrapyd, in an environment of its own: it wants an old setuptools.
$(VENV)-scrapyd/done: requirements.txt requirements-scrapyd.txt
	$(PYTHON) -m venv $(VENV)-scrapyd
	$(VENV)-scrapyd/bin/pip install -q --disable-pip-version-check -r requirements-scrapyd.txt
	@touch $@

# Not in this folder: jobs would run the code that stands here, instead of the egg's.
FOLDER ?= $(HOME)/newsarchive

scrapyd: $(VENV)-scrapyd/done
	@test -n "$$SCRAPYD_USERNAME" -a -n "$$SCRAPYD_PASSWORD" || { echo "set SCRAPYD_USERNAME and SCRAPYD_PASSWORD: scrapyd without them lets everyone in" >&2; exit 2; }
	mkdir -p "$(FOLDER)"
	cp deploy/scrapyd.conf "$(FOLDER)"
	cd "$(FOLDER)" && NEWSARCHIVE_DIR="$${NEWSARCHIVE_DIR:-$(abspath $(FOLDER))/archive}" exec $(abspath $(VENV))-scrapyd/bin/scrapyd

clean:
	rm -rf $(VENV) $(VENV)-pywb $(VENV)-scrapyd demo-archive
