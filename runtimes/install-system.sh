#!/bin/sh
# Lays what system-packages.txt names for a runtime beside its packages in /packages. The base image's release decides
# which version it is: Amazon Linux 2023 keeps to the repository of its own release.
# Usage: sh install-system.sh RUNTIME
set -eu
wanted="$1"
while read -r runtime folder library dnf apt architecture; do
  [ "$runtime" = "$wanted" ] || continue
  [ "$architecture" = any ] || [ "$architecture" = "$(uname -m)" ] || continue
  if command -v dnf > /dev/null; then
    dnf install -y "$dnf"
  else
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$apt"
  fi
  path="$(ldconfig -p | awk -v name="$library" '$1 == name { print $NF; exit }')"
  cp -L "$path" "/packages/$folder/$library"
done < system-packages.txt
