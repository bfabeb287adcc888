# Every task of the project. `make help` lists them; README.md says which two to begin with.
#
#   make demo DEMO_ARGS="--port 9000"      arguments for `lti-tool demo`
#   make test PYTEST_ARGS="-k thread -x"   arguments for pytest
#   make demo PYTHON=python3.12            the Python to build .venv with

MAKEFLAGS += --no-print-directory
export PYTHON

.PHONY: help demo test conformance check format messages lock clean

help:  ## list these tasks
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 13

demo:  ## set up what is missing, then run the tool with a practice LMS beside it (Ctrl-C stops both)
	@setup/environment run
	@exec .venv/bin/python setup/run_in_foreground.py .venv/bin/lti-tool demo $(DEMO_ARGS)

test:  ## set up what is missing, browser and PostgreSQL too, then run all tests
	@setup/environment dev
	@.venv/bin/python -m tests.system_parts
	@.venv/bin/python -m pytest -q -n 3 --dist loadfile $(PYTEST_ARGS)

conformance:  ## run the certification tests and write docs/conformance.md from what they proved
	@setup/environment dev
	@.venv/bin/python -m tests.system_parts
	@.venv/bin/python -m tests.certification.conformance

check:  ## format, lint, types and import contracts, changing nothing
	@setup/environment dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

format:  ## let ruff format the code and mend what it can
	@setup/environment dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

# The English sentence is the key; each language is one file, lti_tool/translations/<code>.po. A line says in which file
# a sentence stands, not where in it, so that a catalogue changes only when sentences do.
PYBABEL = .venv/bin/pybabel -q
TEMPLATE = $(or $(TMPDIR),/tmp)/lti-tool-messages.pot

messages:  ## gather every sentence into the catalogues; new ones wait there for a translation
	@setup/environment dev
	$(PYBABEL) extract --mapping=setup/messages.cfg --keywords=say --keywords=say_count:1,2 --keywords=sayCount:1,2 \
	    --add-comments=NOTE: --add-location=file --no-wrap --sort-by-file --project=lti-tool --output=$(TEMPLATE) .
	@for language in es ar; do \
	    $(PYBABEL) update --input-file=$(TEMPLATE) --output-file=lti_tool/translations/$$language.po --locale=$$language \
	        --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date || exit 1; \
	done

# The tests' lock is held to the program's, so that `make test` never tries other versions than `make demo` runs.
# A locked address would tie every reader to the index of whoever ran this: the grep proves there is none.
LOCK = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
       --no-annotate --no-header --python-version 3.11 pyproject.toml $(LOCK_ARGS)

lock:  ## refresh both lock files (LOCK_ARGS=--upgrade takes the newest versions)
	@setup/environment dev
	$(LOCK) --group build --output-file requirements.lock
	$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock
	@if grep -nE '://|^ *-[-if]|@ ' requirements.lock requirements-dev.lock | grep -v -- '--hash='; then \
	    echo "The lines above name an address or an option: a lock file holds versions and hashes only." >&2; exit 1; \
	fi

clean:  ## remove the virtual environment and all caches; var/ and keys/ stay
	rm -rf .venv node_modules lti_tool/static/built .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find . -path ./var -prune -o -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
