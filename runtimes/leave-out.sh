#!/bin/sh
# leave-out.sh RUNTIME: removes from /packages what serving does not take, by left-out.txt.
set -eu
while read -r runtime path; do
  [ "$runtime" = "$1" ] || continue
  rm -rf "/packages/$path"
done < left-out.txt
