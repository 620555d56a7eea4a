# make train: set up, build, and train the default model on generated images with the best device of this machine.
# make test:  set up, and run every test.

.DEFAULT_GOAL := help
.PHONY: help setup setup-test build train test test-cpu-only test-kernels test-neon test-address test-thread \
  test-undefined soak fuzz dist bench bench-peers api-check check-documentation \
  check-dependency documentation format lint clean

BUILD_PACKAGES := ocl-icd-opencl-dev opencl-headers zlib1g-dev
TEST_PACKAGES  := $(BUILD_PACKAGES) pocl-opencl-icd oclgrind python3-venv curl
# Numeric tests want optimised code; -enable-testing keeps internals visible to them.
TEST_FLAGS     := -c release -Xswiftc -enable-testing --scratch-path .build-test
# The kernels alone, with the compiler that SwiftPM takes.
CLANG          := $(dir $(realpath $(shell command -v swift)))clang
KERNEL_TEST    := -O2 -std=gnu2x -Wall -Wextra -Wno-unused-parameter -I Sources/CPUKernels/include \
                  Tests/Kernels/*.c Sources/CPUKernels/*.c -lm

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the packages that a build needs, where this account may.
	@Scripts/install-packages $(BUILD_PACKAGES)

setup-test:
	@Scripts/install-packages $(TEST_PACKAGES)

build: setup ## Build the commands in release.
	swift build -c release --product nn
	swift build -c release --product nn-bench

train: setup ## Train the default model on generated images with the best device.
	swift build -c release --product nn
	"$$(swift build -c release --show-bin-path)/nn" train --dataset generated --device auto

test: setup-test ## Run all tests, those of the OpenCL backend included.
	NN_TEST_PYTHON="$$(Scripts/test-python)" swift test $(TEST_FLAGS)

test-cpu-only: setup-test ## Build and test without the OpenCL trait.
	swift test -c release -Xswiftc -enable-testing --disable-default-traits --scratch-path .build-cpu-only

test-address: setup-test ## Test without OpenCL under AddressSanitizer, the C kernels for undefined behaviour as well.
	Scripts/test-sanitized address

test-undefined: setup-test ## Test the C kernels alone, for bad addresses and undefined behaviour.
	Scripts/test-sanitized address BackendCPUTests

test-thread: setup-test ## Test without OpenCL under ThreadSanitizer.
	Scripts/test-sanitized thread

fuzz: setup-test ## Feed every reader of files with what libFuzzer makes up, FUZZ_SECONDS each (600).
	Scripts/fuzz

test-kernels: ## Compare the CPU's innermost loops with plain loops, for each instruction set of this machine.
	@mkdir -p .build-kernels
	$(CLANG) $(KERNEL_TEST) -o .build-kernels/native
	.build-kernels/native

test-neon: ## The same for 64-bit ARM, under an emulator.
	@Scripts/install-packages qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
	@mkdir -p .build-kernels
	$(CLANG) --target=aarch64-linux-gnu -static -fuse-ld=lld $(KERNEL_TEST) -o .build-kernels/neon
	qemu-aarch64 .build-kernels/neon

soak: setup ## Kill 200 trainings at random moments, and compare what becomes of them when they are resumed.
	Scripts/soak

dist: setup ## Make the folder dist: nn and nn-bench with all that they need, for machines without a toolchain.
	Scripts/make-dist

bench: build ## Measure this machine.
	"$$(swift build -c release --show-bin-path)/nn-bench" --device auto

bench-peers: setup ## Measure PyTorch, JAX, Keras, NumPy and OpenBLAS side by side (ARGUMENTS="--save --filter matmul").
	Benchmarks/peers/run $(ARGUMENTS)

api-check: setup-test ## Compile programs of users against this package as a dependency.
	Scripts/api-check

check-documentation: setup ## Compile and run the examples of the documentation.
	Scripts/check-documentation

check-dependency: setup ## Build and train in packages that depend on this one, by path and by version.
	Scripts/check-dependency

documentation: ## Make pages of the articles and of all declarations in .build/documentation.
	Scripts/make-documentation

format: ## Lay out all Swift code.
	swift format -i -r Package.swift Sources Tests Benchmarks

lint: ## Check the layout of all Swift code.
	swift format lint --strict -r Package.swift Sources Tests Benchmarks

clean: ## Remove what was built.
	rm -rf .build .build-outside .build-test .build-test-python .build-cpu-only .build-dist dist .build-address .build-thread .build-kernels .build-fuzz .build-gpu-code
