# `make` alone lists what there is to make. Needs Python 3.10 or newer and nothing else; everything is installed into .venv.

PYTHON ?= python3
PHOTO ?=
export PHOTO
export NO_MKDOCS_2_WARNING := 1

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off -c constraints.txt
# Of pip's many lines, those during which one waits. Its errors come by another way and are all shown.
BRIEFLY := grep --line-buffered -oE '^ *(Downloading|Using cached|Installing collected) .{0,90}'

.PHONY: help demo test check docs images card

help:
	@echo 'make demo                 color sample photographs; leaves demo/contact-sheet.png'
	@echo 'make demo PHOTO=old.jpg   yours too; several in quotes: PHOTO="a.jpg b.png"'
	@echo 'make test                 install everything and run all tests'
	@echo 'make check                lint, types, import contract, documentation'
	@echo 'make docs                 write docs/cli.md and the table of docs/formats.md again; build the documentation into site/'
	@echo 'make images card          for new weights: write docs/images and the model card again'
	@echo
	@echo 'PYTHON=python3.12 chooses the Python to make .venv with (now: $(PYTHON)).'

demo: $(VENV)/base.stamp
	@$(BIN)/python scripts/demo.py

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mkdocs build --strict

docs: $(VENV)/dev.stamp
	$(BIN)/python scripts/write_cli_docs.py
	$(BIN)/python tests/test_archive.py
	$(BIN)/mkdocs build --strict
	@echo 'Read site/index.html'

images: $(VENV)/dev.stamp
	@$(BIN)/python scripts/write_images.py
	@$(BIN)/python scripts/write_page_images.py

card: $(VENV)/dev.stamp
	@$(BIN)/python scripts/write_model_card.py

# Both install this tree as it lies here (-e), so neither goes stale when a source changes, and either may come first. Of
# scikit-image the demo wants the sample pictures alone, so nothing that it depends on.
$(VENV)/base.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo 'Installing tinct into $(VENV)'
	@rm -f $@; { $(INSTALL) -e . && $(INSTALL) --no-deps scikit-image && touch $@; } | $(BRIEFLY); test -f $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo 'Installing tinct with all that training and testing need into $(VENV); some minutes'
	@rm -f $@; { $(INSTALL) -e '.[dev]' && touch $(VENV)/base.stamp $@; } | $(BRIEFLY); test -f $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo 'tinct needs Python 3.10 or newer, and $(PYTHON) is not. Name one that is: make $(MAKECMDGOALS) PYTHON=python3.12' >&2; exit 1; }
	@echo 'Making $(VENV)'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo '$(PYTHON) has no venv module. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
