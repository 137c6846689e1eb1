# ScanForge: set-up, build, run, test. `make run` and `make test` do everything on a bare Debian 12 with a Swift toolchain.
SHELL := /bin/bash
CONFIGURATION := release
SCRATCH := .build
# Without frame pointers the C kernels have a register more: a quarter of their time (docs/benchmarks.md).
SWIFT_FLAGS := -c $(CONFIGURATION) --scratch-path $(SCRATCH) --omit-frame-pointers
BIN := $(SCRATCH)/$(CONFIGURATION)
PREFIX ?= /usr/local
QUICKSTART := out/quickstart
FUZZ_SECONDS ?= 60

.PHONY: all run run-anew test bench study build build-tests setup phantoms format lint sanitize conformance test-aarch64 test-tables fuzz fuzz-seeds install clean

all: build

# Installs missing Debian packages (as root), or prints the line to run.
setup:
	@scripts/setup.sh

build: setup
	@swift build $(SWIFT_FLAGS) 2>&1 | scripts/quiet-build.sh

# The same build with the tests added.
build-tests: setup
	@swift build $(SWIFT_FLAGS) --build-tests 2>&1 | scripts/quiet-build.sh

phantoms: build
	@$(BIN)/make-phantoms out/phantoms

# The main job end to end on the embedded phantoms.
run: phantoms
	@$(BIN)/scanforge run Pipelines/quickstart.yaml --workspace $(QUICKSTART)/workspace --resume
	@$(BIN)/scanforge audit verify --workspace $(QUICKSTART)/workspace
	@scripts/after-run.sh $(BIN) $(QUICKSTART)

# The same from an empty workspace: what an earlier run left is removed.
run-anew:
	@rm -rf $(QUICKSTART)
	@$(MAKE) --no-print-directory run

test: build-tests sanitize conformance test-aarch64
	@scripts/test.sh $(SWIFT_FLAGS)
	@scripts/test-tables.sh $(BIN) $(SWIFT_FLAGS)

# What PyTorch computed, once per kernel table, forced.
test-tables: build-tests
	@scripts/test-tables.sh $(BIN) $(SWIFT_FLAGS)

# C kernels over random geometries under the address and undefined-behaviour sanitizers.
sanitize:
	@if [ -x Tests/KernelSanitizer/run.sh ]; then Tests/KernelSanitizer/run.sh; fi

# C kernels over thousands of random geometries against an oracle in double.
conformance: build
	@KERNEL_OBJECTS=$(BIN)/CForgeKernels.build Tests/KernelConformance/run.sh

# The NEON and portable kernels under emulation, where Debian's cross tools are installed.
test-aarch64: build
	@KERNEL_OBJECTS=$(BIN)/CForgeKernels.build Tests/KernelConformance/aarch64.sh

# A goal with its PyTorch baseline at equal wall time; again to go on: make study GOAL=G3 (G4, G5, G6, G11).
DATA ?= ../shared/data
PEERS ?= ../shared/peers
PYTHON ?= python3
study: build
	@python3 Benchmarks/study/study.py --goal $(GOAL) --program $(BIN)/scanforge --data $(DATA) --peers $(PEERS) --python $(PYTHON) \
	  $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(VGG),--vgg $(VGG))

# Pre-scan, DICOM and TIFF path under libFuzzer and the address sanitizer, a minute each.
fuzz: setup
	@Tests/Fuzzing/run.sh $(FUZZ_SECONDS)

# Writes the fuzzers' seeds again.
fuzz-seeds: setup
	@SCANFORGE_FUZZING=1 swift build -c release --scratch-path $(SCRATCH)/fuzzing --product make-fuzz-seeds 2>&1 | scripts/quiet-build.sh
	@$(SCRATCH)/fuzzing/release/make-fuzz-seeds Fixtures/fuzzing/seeds

bench: build
	@$(BIN)/scanforge-bench peak --json
	@$(BIN)/scanforge-bench conv --json
	@for side in 64 128 256; do $(BIN)/scanforge-bench srgan-infer --size $$side --json || exit; done
	@for work in cdcgan64 cdcgan128; do $(BIN)/scanforge-bench generate --work $$work --json || exit; done
	@for work in srgan cdcgan64 cdcgan128; do $(BIN)/scanforge-bench train --work $$work --json || exit; done

format:
	@swift format --in-place --recursive --configuration .swift-format Package.swift Sources Tests Fixtures

lint:
	@swift format lint --recursive --configuration .swift-format Package.swift Sources Tests Fixtures

install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BIN)/scanforge $(BIN)/scanforge-decode $(DESTDIR)$(PREFIX)/bin/

clean:
	rm -rf $(SCRATCH) out
