#!/bin/sh
# describe-cpus.sh RUNTIME ROOT: lays files under ROOT that Linux has in /sys, for libraries that end without them.
# On arm64 Lambda has no /sys/devices/system/cpu, so that those of an image are seen; what runs where is up to the
# affinity that the kernel tells, so that more CPUs than there are do no harm. OpenVINO's TBB takes core_cpus.
set -eu
mkdir -p "$2"
[ "$1 $(uname -m)" = 'openvino aarch64' ] || exit 0
# Six: Lambda's most.
folder="$2/sys/devices/system/cpu"
for cpu in 0 1 2 3 4 5; do
  topology="$folder/cpu$cpu/topology"
  mkdir -p "$topology"
  echo 0 > "$topology/physical_package_id"
  echo "$cpu" | tee "$topology/core_id" > "$topology/core_cpus_list"
  printf '%x\n' $((1 << cpu)) > "$topology/core_cpus"
  echo 3f > "$topology/package_cpus"
done
for list in online possible present; do echo 0-5 > "$folder/$list"; done
