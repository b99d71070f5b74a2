# `make` alone lists what there is to make. Needs Python 3.10 or newer and nothing else; everything is installed into .venv.

PYTHON ?= python3
PHOTO ?=
# The index of PyTorch's CPU build, as the install page of PyTorch names it: without it, plain Linux installs 6 GB of CUDA.
TORCH_INDEX ?=
# Test processes; each loads PyTorch, about 0.6 GB.
WORKERS ?= auto
export PHOTO
export NO_MKDOCS_2_WARNING := 1

VENV := .venv
BIN := $(VENV)/bin
# Exact versions of all packages, where there is a lock for this Python and system; elsewhere the newest that constraints.txt allows.
LOCK = $(shell $(BIN)/python scripts/lock.py --name)
INSTALL = PIP_CONSTRAINT=$(LOCK) PIP_BUILD_CONSTRAINT=$(LOCK) $(BIN)/python -m pip install --disable-pip-version-check --no-input \
	--progress-bar off $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
# Of pip's output only the lines of long steps. Its errors go to standard error, and are all shown.
BRIEFLY := grep --line-buffered -oE '^ *(Downloading|Using cached|Installing collected) .{0,90}'
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist worksteal --durations 10

.PHONY: help demo test test-slow test-all check dist docs images film card lock

help:
	@echo 'make demo                 color sample photographs; leaves demo/contact-sheet.png'
	@echo 'make demo PHOTO=old.jpg   yours too; several in quotes: PHOTO="a.jpg b.png"'
	@echo 'make test                 install everything and run the tests, but for the slow ones'
	@echo 'make test-slow            the slow ones: kills, Ctrl-C, fuzzing, Ray, several processes'
	@echo 'make test-all             all tests'
	@echo 'make check                lint, types, import contract, documentation'
	@echo 'make dist                 the wheel and the sdist in dist/, both tried out away from this tree'
	@echo 'make docs                 write docs/cli.md, the man page and the table of docs/formats.md again; build the documentation into site/'
	@echo 'make images card          for new weights: write docs/images and the model card again'
	@echo 'make film                 draw docs/images/film.mp4, the sample film, again'
	@echo 'make lock                 write the exact versions that tests and CI install on this Python again, from the newest there are'
	@echo
	@echo 'PYTHON=python3.12 chooses the Python to make .venv with (now: $(PYTHON)).'
	@echo 'TORCH_INDEX=…     names the index of the CPU build of PyTorch, which its install page shows; plain Linux otherwise gets 6 GB of CUDA.'

demo: $(VENV)/base.stamp
	@$(BIN)/python scripts/demo.py

test: $(VENV)/dev.stamp
	$(PYTEST) -m 'not slow'

test-slow: $(VENV)/dev.stamp
	$(PYTEST) -m slow

test-all: $(VENV)/dev.stamp
	$(PYTEST)

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mkdocs build --strict
	$(BIN)/python scripts/write_sbom.py --check

dist: $(VENV)/dev.stamp
	PIP_CONSTRAINT=$(LOCK) PIP_BUILD_CONSTRAINT=$(LOCK) $(BIN)/python scripts/check_dist.py

docs: $(VENV)/dev.stamp
	$(BIN)/python scripts/write_cli_docs.py
	$(BIN)/python scripts/write_man_page.py
	cd tests && ../$(BIN)/python -m photo.test_archive
	$(BIN)/mkdocs build --strict
	@echo 'Read site/index.html'

images: $(VENV)/dev.stamp
	@$(BIN)/python scripts/write_images.py
	@$(BIN)/python scripts/write_page_images.py

film: $(VENV)/dev.stamp
	@$(BIN)/python scripts/draw_film.py

card: $(VENV)/dev.stamp
	@$(BIN)/python scripts/write_model_card.py
	@$(BIN)/python scripts/write_sbom.py

lock: | $(BIN)/python
	$(BIN)/python scripts/lock.py $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

# Both are editable installs (-e), so neither goes stale when a source changes, and either may come first. The demo uses only
# scikit-image's sample pictures, so none of its dependencies.
$(VENV)/base.stamp: pyproject.toml constraints.txt $(wildcard locks/*) | $(BIN)/python
	@echo 'Installing tinct into $(VENV)'
	@rm -f $@; { $(INSTALL) -e . && $(INSTALL) --no-deps scikit-image && touch $@; } | $(BRIEFLY); test -f $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt $(wildcard locks/*) | $(BIN)/python
	@echo 'Installing tinct with all that training and testing need into $(VENV); some minutes'
	@rm -f $@; { $(INSTALL) -e '.[dev]' && touch $(VENV)/base.stamp $@; } | $(BRIEFLY); test -f $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo 'tinct needs Python 3.10 or newer, and $(PYTHON) is not. Name one that is: make $(MAKECMDGOALS) PYTHON=python3.12' >&2; exit 1; }
	@echo 'Making $(VENV)'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo '$(PYTHON) has no venv module. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
