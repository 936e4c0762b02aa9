# BitBeat: `make help` lists what there is. Everything runs in .venv, which the targets make themselves.
RECORD ?=
FUZZ_SECONDS ?= 600
PORT ?=
BOARD ?= qemu_m4
# These reach the commands through the environment, each as one word: a path may have a space in it.
export RECORD FROM RECORDS PORT BOARD
PY := .venv/bin/python
BITBEAT := .venv/bin/bitbeat
EXPORT := --quiet --disable-pip-version-check

.PHONY: help setup setup-all demo test data train crossval ablate export generate parity rates errors engines bench emulator replay firmware flash monitor stop toolchains isa hil fuzz lint format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F '\t' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: .venv/.ready-base ## the environment for demo, replay and emulator

setup-all: .venv/.ready-all ## the environment for everything (torch, TensorFlow: about 4 GB)

demo: setup ## replay an ECG through the emulated device; RECORD=path/to/100 for a real one
	@$(BITBEAT) demo $${RECORD:+"$$RECORD"}

test: setup-all ## all tests
	@$(PY) -m pytest -n auto --dist loadgroup tests

data: setup ## the databases, from archives (FROM=folder) or PhysioNet, checked by SHA-256
	@$(BITBEAT) data $${FROM:+--from "$$FROM"}

train: setup-all data ## train both protocols' models by cross-validation and distillation; asks, or YES=1; SEED=n
	@$(BITBEAT) train $(if $(SEED),--seed $(SEED)) $(if $(YES),--yes)

crossval: setup-all data ## five seeds under cross-validation, both protocols: build/crossval.json
	@$(BITBEAT) crossval

ablate: setup-all data ## what each idea brings, by cross-validation: docs/ablation.md; takes hours
	@$(BITBEAT) ablate

export: setup-all data ## checkpoint to ONNX to int8 TFLite to C, with a report; asks, or YES=1
	@$(BITBEAT) export $(if $(YES),--yes)

generate: setup-all ## the generated files again, from export/spec.toml and the committed .tflite
	@$(BITBEAT) generate

.PHONY: score
score: setup-all data ## the deployed chain scored after EC57 on all records; build/score.json
	@$(BITBEAT) scoreboard

.PHONY: jitter
jitter: setup data ## how far detected R peaks lie from the annotated ones, and how soon a beat is answered
	@$(BITBEAT) jitter

.PHONY: envelope
envelope: setup ## the C core over a grid of synthetic records: docs/envelope.md; ARGS=--quick
	@$(BITBEAT) envelope $(ARGS)

.PHONY: detector
detector: setup data ## the detector's weights fitted again, beside the committed ones: build/detector_fit.json; NOISE=first
	@$(BITBEAT) fit-detector $(if $(NOISE),--noise $(NOISE))

parity: .venv/.ready-parity data ## every intermediate value of Python and C, all 48 records
	@$(BITBEAT) parity

.PHONY: score-noise
score-noise: setup data ## DS2 in noise: sweeps, calibration, undecided beats, signal-quality index
	@$(BITBEAT) score-noise

rates: .venv/.ready-parity data ## the same chain at 250, 360 and 500 Hz: parity, state size, DS1 cross-check
	@$(BITBEAT) rates

errors: setup data ## the worst records, and a contact sheet of typical errors: RECORDS=DS1
	@$(BITBEAT) errors $${RECORDS:+--records "$$RECORDS"}

engines: .venv/.ready-parity data ## the compiled network against TensorFlow Lite Micro on the C array: every beat of DS2
	@$(BITBEAT) engines

bench: .venv/.ready-parity data ## speed on this machine; instructions, flash, RAM, stack on the emulated boards
	@$(BITBEAT) bench

emulator: setup ## start the emulated device; prints its port
	@$(BITBEAT) emulator

replay: setup ## stream a record through a device: RECORD=100 [PORT=url] [ARGS=...], the emulator without PORT
	@$(BITBEAT) replay "$${RECORD:-100}" $(if $(PORT),--port "$$PORT",--emulator) --plot $(ARGS)

firmware: .venv/.ready-firmware ## build the firmware: BOARD=qemu_m4, `bitbeat boards` lists them; ENGINE=tflm
	@$(BITBEAT) firmware "$$BOARD"$(if $(filter tflm,$(ENGINE)),_tflm)

flash: .venv/.ready-firmware ## flash a board (an emulated one is started, its port printed): BOARD=qemu_m4 [PORT=url]
	@$(BITBEAT) flash "$$BOARD"$(if $(filter tflm,$(ENGINE)),_tflm) $${PORT:+--port "$$PORT"}

monitor: .venv/.ready-firmware ## the raw bytes of a board's serial port: BOARD=qemu_m4 [PORT=url]
	@$(BITBEAT) serial "$$BOARD" $${PORT:+--port "$$PORT"}

stop: setup ## end the emulated boards that were started
	@$(BITBEAT) stop

toolchains: setup ## compilers and emulators of the emulated boards, by apt (Debian, Ubuntu)
	@$(BITBEAT) toolchains

isa: .venv/.ready-firmware data ## eight emulated instruction sets: every value equal to the reference
	@$(BITBEAT) isa

hil: .venv/.ready-firmware data ## all 48 records whole through emulated boards; resumes where it was
	@$(BITBEAT) hil

fuzz: setup ## fuzz firmware, the host's side of the link and the readers: 10 minutes, or FUZZ_SECONDS=n
	@$(BITBEAT) fuzz --seconds $(FUZZ_SECONDS)

lint: setup-all ## ruff, mypy, clang-format, cppcheck
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
	@.venv/bin/clang-format --dry-run --Werror $$(git ls-files 'firmware/*.[ch]')
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	  --suppress=missingIncludeSystem --suppress=toomanyconfigs -Ifirmware/lib/ecg -Ifirmware/lib/ecg/generated -Ifirmware/lib/nn \
	  -Ifirmware/lib/model -Ifirmware/lib/link -Ifirmware/src firmware

format: setup-all ## format Python and C
	@.venv/bin/ruff check --fix-only --quiet . ; .venv/bin/ruff format . ; .venv/bin/clang-format -i $$(git ls-files 'firmware/*.[ch]')

clean: ## remove what was built (not data/, not .venv)
	@rm -rf build

# ---- environments: one venv, filled step by step; each stamp says what is in it
.venv/bin/python:
	@for p in $(if $(PYTHON),'$(PYTHON)') python3.11 python3.12 python3; do \
	  if "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then \
	    echo "environment with $$("$$p" --version)"; "$$p" -m venv .venv && exit 0; fi; done; \
	echo "BitBeat needs Python 3.11 or 3.12 (Debian, Ubuntu: sudo apt install python3 python3-venv); or make PYTHON=/path/to/python3.11"; exit 2

.venv/.ready-base: pyproject.toml | .venv/bin/python
	@echo "installing what demo and replay need"; $(PY) -m pip install $(EXPORT) -e . && touch $@

.venv/.ready-parity: pyproject.toml | .venv/.ready-base
	@echo "installing the TensorFlow Lite Micro interpreter"; $(PY) -m pip install $(EXPORT) -e '.[parity]' && touch $@

.venv/.ready-firmware: pyproject.toml | .venv/.ready-base
	@echo "installing PlatformIO"; $(PY) -m pip install $(EXPORT) -e '.[firmware]' && $(PY) -m host_tools.pio && touch $@

.venv/.ready-all: pyproject.toml | .venv/.ready-base
	@echo "installing the training and export stack, this takes a few minutes"; \
	$(PY) -m pip install $(EXPORT) -e '.[train,export,parity,firmware,fuzz,dev]' && touch $@ .venv/.ready-parity
