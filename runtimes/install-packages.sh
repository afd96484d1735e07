#!/bin/sh
# Installs what a lock pins to /packages, compiled: a function's file system is read-only, so that each cold start would
# compile anew. By hash and not by date, so that the same lock makes the same layer.
set -eu
lock="$1"
further=''
# Builds for CPUs are in an index of PyTorch's own; hashes are checked wherever a package comes from.
if grep -q '+cpu' "$lock" && [ -n "${FURTHER_INDEX:-}" ]; then further="--extra-index-url $FURTHER_INDEX"; fi
# shellcheck disable=SC2086 # two words or none
python3 -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-compile --no-deps $further \
  --require-hashes --only-binary=:all: --target /packages -r "$lock"
rm -rf /packages/bin /packages/*/tests /packages/*/*/tests
# Packages carry files of newer Pythons too, which this one cannot compile and never imports.
python3 -m compileall -qq -s /packages -p /var/task --invalidation-mode unchecked-hash /packages || true
