#!/bin/sh
# install-packages.sh LOCK RUNTIME: installs what a lock pins to /packages, compiled: a function's file system is
# read-only, so that each cold start would compile anew. By hash and not by date, so that the same lock makes the same layer.
set -eu
lock="$1"
# A user's own versions take the place of the lock's.
if [ -f own-requirements.txt ]; then
  python3 own_requirements merge "$2" "$lock" own-requirements.txt > merged-requirements.txt
  lock=merged-requirements.txt
fi
further=''
# Builds for CPUs are in an index of PyTorch's own; hashes are checked wherever a package comes from.
if grep -q '+cpu' "$lock" && [ -n "${FURTHER_INDEX:-}" ]; then further="--extra-index-url $FURTHER_INDEX"; fi
# shellcheck disable=SC2086 # two words or none
python3 -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-compile --no-deps $further \
  --require-hashes --only-binary=:all: --target /packages -r "$lock"
rm -rf /packages/bin /packages/*/tests /packages/*/*/tests
# Packages carry files of newer Pythons too, which this one cannot compile and never imports.
python3 -m compileall -qq -s /packages -p /var/task --invalidation-mode unchecked-hash /packages || true
