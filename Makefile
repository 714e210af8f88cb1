# SPDX-License-Identifier: BSD-2-Clause-Patent
# A thin front: each goal installs what is missing (tools/deps) and calls CMake presets. `make help` lists the goals.
.DEFAULT_GOAL := help
.PHONY: help deps demo test test-all firmware packages bench fuzz docs format clean
# One goal after the other: each uses all processors by itself.
.NOTPARALLEL:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

UEFI_PRESETS := uefi-x86_64 uefi-aarch64 uefi-x86_64-qemu uefi-x86_64-driver-only \
  uefi-aarch64-qemu uefi-aarch64-driver-only
# Configures a preset and builds everything in it.
build = cmake --preset $(1) --log-level=WARNING >/dev/null && cmake --build --preset $(1)
# How long `make fuzz` lets each target run.
SECONDS_EACH ?= 600

help:
	@echo 'make demo       netboot a real Debian in a virtual machine (KEEP=1 leaves it to you)'
	@echo 'make test       everything that CI runs: builds, unit tests, checks, short fuzzing, end-to-end boots'
	@echo 'make test-all   the same and what takes longer: full matrices, reproducibility'
	@echo 'make firmware   all artefacts into dist/, sizes into docs/size.md'
	@echo 'make packages   Debian and RPM packages of them into dist/packages/'
	@echo 'make bench      Kedge beside iPXE, OVMF and a Linux guest, into bench/results/'
	@echo 'make fuzz       each fuzz target for SECONDS_EACH seconds (default 600)'
	@echo 'make docs       write docs/errors.md anew from the sources'
	@echo 'make format     format all sources'
	@echo 'make lint       clang-tidy over all sources'
	@echo 'make clean      remove build/ and dist/'
	@echo
	@echo 'Packages that are missing are installed, as root or through sudo.'

deps:
	@tools/deps --quiet

firmware: deps
	@$(call build,host-release)
	@$(foreach preset,$(UEFI_PRESETS),$(call build,$(preset)) && ) true
	@tools/dist

packages: firmware
	@tools/package

demo: firmware
	@tools/demo

test: packages
	@$(call build,host-debug)
	@tools/run-tests --label-exclude '^all$$'

test-all: packages
	@tools/deps --quiet --peers
	@$(call build,host-debug)
	@tools/check-reproducible
	@tools/run-tests

bench: firmware
	@tools/deps --quiet --peers
	@cmake --build --preset host-release --target kedge-bench
	@tools/bench

fuzz: deps
	@cmake --preset fuzz -DKEDGE_FUZZ_SECONDS=$(SECONDS_EACH) >/dev/null && cmake --build --preset fuzz
	@ctest --preset fuzz --parallel $$(nproc)

docs: deps
	@cmake --preset host-debug --log-level=WARNING >/dev/null && cmake --build --preset host-debug --target errdb
	@build/host-debug/host/errdb/errdb >docs/errors.md

format: deps
	@tools/format

lint: deps
	@cmake --preset host-debug --log-level=WARNING >/dev/null
	@tools/lint

clean:
	rm -rf build dist
