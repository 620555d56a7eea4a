# make train: set up, build, and train the default model on generated images with the best device of this machine.
# make test:  set up, and run all tests.

.DEFAULT_GOAL := help
.PHONY: help swift setup setup-test build train check test test-cpu-only test-kernels test-neon test-address test-thread \
  test-undefined soak fuzz dist bench bench-peers api-check check-documentation \
  check-dependency check-api-breakage documentation format lint clean

BUILD_PACKAGES := ocl-icd-opencl-dev opencl-headers zlib1g-dev
TEST_PACKAGES  := $(BUILD_PACKAGES) pocl-opencl-icd oclgrind python3-venv curl libpng16-16 libturbojpeg0 liblapack3
# Debug information would take a fifth of the build; DEBUG_INFO=dwarf includes it.
DEBUG_INFO     ?= none
BUILD          := swift build -c release -debug-info-format $(DEBUG_INFO)
# Numeric tests need optimized code; -enable-testing keeps internal declarations visible to them.
TEST_FLAGS     := -c release -Xswiftc -enable-testing -debug-info-format $(DEBUG_INFO) --scratch-path .build-test
# The kernels only, with the compiler used by SwiftPM.
CLANG           = $(dir $(realpath $(shell command -v swift)))clang
KERNEL_TEST    := -std=gnu2x -Wall -Wextra -Wno-unused-parameter -I Sources/CPUKernels/include \
                  Tests/Kernels/*.c Sources/CPUKernels/*.c -lm

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

swift:
	@command -v swift >/dev/null || { echo "Swift is not installed; https://www.swift.org/install says how" >&2; exit 1; }

setup: swift ## Install the packages required for a build, if this account may.
	@Scripts/install-packages $(BUILD_PACKAGES)

setup-test: swift
	@Scripts/install-packages $(TEST_PACKAGES)

build: setup ## Build the commands in release.
	$(BUILD) --product nn
	$(BUILD) --product nn-bench

train: setup ## Train the default model on generated images with the best device.
	$(BUILD) --product nn
	"$$(swift build -c release --show-bin-path)/nn" train --dataset generated --device auto

test: setup-test ## Run all tests, including those of the OpenCL backend (FILTER=TensorsTests: only these).
	NN_TEST_PYTHON="$$(Scripts/test-python)" swift test $(TEST_FLAGS) $(if $(FILTER),--filter '$(FILTER)')

check: setup-test lint ## Check a change before a commit: the format, and all tests, which require OpenCL.
	NN_REQUIRE_OPENCL=1 $(MAKE) --no-print-directory test

test-cpu-only: setup-test ## Build and test without the OpenCL trait.
	swift test $(subst .build-test,.build-cpu-only,$(TEST_FLAGS)) --disable-default-traits

test-address: setup-test ## Test without OpenCL under AddressSanitizer, and the C kernels also for undefined behavior.
	Scripts/test-sanitized address

test-undefined: setup-test ## Test only the C kernels, for invalid addresses and undefined behavior.
	Scripts/test-sanitized address BackendCPUTests

test-thread: setup-test ## Test without OpenCL under ThreadSanitizer.
	Scripts/test-sanitized thread

fuzz: setup-test ## Fuzz every file reader with libFuzzer, for FUZZ_SECONDS each (600).
	Scripts/fuzz

test-kernels: swift ## Compare the CPU kernels with plain loops, for each instruction set, in release and in debug.
	@mkdir -p .build-kernels
	$(CLANG) -O2 $(KERNEL_TEST) -o .build-kernels/native
	.build-kernels/native
	$(CLANG) -O0 $(KERNEL_TEST) -o .build-kernels/debug
	.build-kernels/debug

test-neon: swift ## The same for 64-bit ARM, under an emulator.
	@Scripts/install-packages qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
	@mkdir -p .build-kernels
	$(CLANG) --target=aarch64-linux-gnu -static -fuse-ld=lld -O2 $(KERNEL_TEST) -o .build-kernels/neon
	qemu-aarch64 .build-kernels/neon

soak: setup ## Kill 200 training runs at random times, resume them, and compare the results.
	Scripts/soak

dist: setup ## Create the folder dist: nn and nn-bench with all dependencies, for machines without a toolchain.
	Scripts/make-dist

bench: build ## Benchmark this machine.
	"$$(swift build -c release --show-bin-path)/nn-bench" --device auto

bench-peers: setup ## Benchmark PyTorch, JAX, Keras, NumPy, and OpenBLAS (ARGUMENTS="--save --filter matmul").
	Benchmarks/peers/run $(ARGUMENTS)

api-check: setup-test ## Compile user programs against this package as a dependency.
	Scripts/api-check

check-documentation: setup ## Compile and run the examples of the documentation.
	Scripts/check-documentation

check-dependency: setup ## Build and train in packages that depend on this one, by path and by version.
	Scripts/check-dependency

check-api-breakage: setup ## List changes of the public API since the last release that break programs.
	Scripts/check-api-breakage

documentation: ## Generate the documentation in .build/documentation.
	Scripts/make-documentation

format: ## Format all Swift code.
	swift format -i -r Package.swift Sources Tests Benchmarks

lint: ## Check the format of all Swift code, and that generated code and documentation are up to date.
	swift format lint --strict -r Package.swift Sources Tests Benchmarks
	Scripts/generate-operations --check
	Scripts/generate-names --check

clean: ## Remove all build products.
	rm -rf .build .build-outside .build-test .build-test-python .build-cpu-only .build-dist dist .build-address .build-thread .build-kernels .build-fuzz .build-gpu-code
