# The front door. Everything is done by CMake presets; this only names the common doings.
.DEFAULT_GOAL := help
BUILD := build/dev
export PATH := $(CURDIR)/.node/node_modules/.bin:$(PATH)

help:            ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

setup-run:
	@scripts/setup.sh run
setup-cluster:
	@scripts/setup.sh cluster
setup-check:
	@scripts/setup.sh check

configure:
	@cmake --preset dev >/dev/null

build: setup-run configure  ## build bulla into build/dev
	@cmake --build $(BUILD) --target bulla

run: build       ## install what is missing, build, and start the demo
	@$(BUILD)/bulla demo $(ARGS)

cluster: setup-cluster configure  ## install what is missing, build, and start three nodes on this machine, to kill one
	@cmake --build $(BUILD) --target bulla
	@$(BUILD)/bulla cluster $(ARGS)

check: setup-check configure  ## install what is missing, build, and pass every test
	@cmake --build $(BUILD)
	@ctest --test-dir $(BUILD) --output-on-failure --no-tests=error -j2

asan: setup-check build  ## tests, a node and one of a cluster under the address and undefined-behaviour sanitizers
	@scripts/sanitize.sh asan

tsan: setup-check build  ## the same under the thread sanitizer
	@scripts/sanitize.sh tsan

coverage: setup-check  ## lines and branches of libbulla that its unit tests take: all of them, or it fails
	@bash scripts/coverage.sh

alone: setup-check  ## libbulla alone: its tests, under three sanitizers, and on a big-endian machine
	@for p in alone msan alone-asan s390x; do echo "== $$p"; scripts/alone.sh $$p || exit 1; done

fuzz: setup-check  ## fuzz every protocol and what a seal stores (RUNS=10000000 executions each)
	@fuzz/run.sh $(RUNS)

prove: setup-check build  ## the long end-to-end proofs: a hundred kills, a hundred faults of a cluster, full disks, hostile peers
	@scripts/prove.sh $(BUILD)/bulla $(BUILD)

simulate: setup-check build  ## the whole platform under simulated time and faults (SEEDS=100), and the bugs that this must find
	@$(BUILD)/bulla simulate --seeds $(or $(SEEDS),100) --years 0.05
	@$(BUILD)/bulla simulate --seeds $(or $(SEEDS),100) --days 2 --nodes 3
	@bash tests/simulate/selftest.sh $(BUILD)

bench: setup-check configure  ## measure; results belong in docs/performance.md
	@cmake --build $(BUILD) --target bulla bench && bench/run.sh $(BUILD)

firmware: setup-check  ## the firmware of a seal for a Cortex-M3 into build/cortex-m, and what it takes of its budgets
	@cmake --preset cortex-m >/dev/null && cmake --build build/cortex-m
	@scripts/firmware.py build/cortex-m

firmware-test: setup-check build  ## the firmware under qemu: written, sealed, cut off at any byte, tampered with, read out
	@/usr/bin/python3 tests/e2e/firmware.py $(BUILD)/bulla $(BUILD)

lint: setup-check  ## the lints alone
	@for l in tests/lint/*.sh; do bash $$l $(BUILD)/bulla $(BUILD) || exit 1; done

requirements:    ## which requirements are shown, by which tests, and how these ended; writes docs/requirements.md
	@scripts/requirements.py $(BUILD) --write
	@scripts/requirements.py $(BUILD)

clean:           ## remove what was built
	@rm -rf build web/dist

.PHONY: help setup-run setup-cluster setup-check configure build run cluster check asan tsan coverage alone fuzz prove simulate bench firmware firmware-test lint requirements clean
