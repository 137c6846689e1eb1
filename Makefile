# ScanForge: set-up, build, run, test. `make run` and `make test` do everything on a bare Debian 12 with a Swift toolchain.
SHELL := /bin/bash
CONFIGURATION := release
SCRATCH := .build
SWIFT_FLAGS := -c $(CONFIGURATION) --scratch-path $(SCRATCH)
BIN := $(SCRATCH)/$(CONFIGURATION)
PREFIX ?= /usr/local
QUICKSTART := out/quickstart

.PHONY: all run test bench build build-tests setup phantoms format lint sanitize conformance test-aarch64 install clean

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

test: build-tests sanitize conformance test-aarch64
	@scripts/test.sh $(SWIFT_FLAGS)

# C kernels over random geometries under the address and undefined-behaviour sanitizers.
sanitize:
	@if [ -x Tests/KernelSanitizer/run.sh ]; then Tests/KernelSanitizer/run.sh; fi

# C kernels over thousands of random geometries against an oracle in double.
conformance:
	@Tests/KernelConformance/run.sh

# The NEON and portable kernels under emulation, where Debian's cross tools are installed.
test-aarch64:
	@Tests/KernelConformance/aarch64.sh

bench: build
	@$(BIN)/scanforge-bench peak --json
	@$(BIN)/scanforge-bench conv --json

format:
	@swift format --in-place --recursive --configuration .swift-format Package.swift Sources Tests Fixtures

lint:
	@swift format lint --recursive --configuration .swift-format Package.swift Sources Tests Fixtures

install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BIN)/scanforge $(BIN)/scanforge-decode $(DESTDIR)$(PREFIX)/bin/

clean:
	rm -rf $(SCRATCH) out
