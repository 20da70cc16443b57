#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, for FUZZTIME each. Stops at the first that finds something.
# An input is made smaller in ten tries only: as many as fit into a minute, as is the default, leave no time for the search where one
# takes milliseconds (FuzzPDF: 1 input a second then, 190 and more with this).
set -euo pipefail

go=${GO:-go}
count=0
while IFS=: read -r file line; do
  target=${line#func }
  target=${target%%(*}
  package=./$(dirname "$file")
  echo "== $package $target"
  "$go" test -run '^$' -fuzz "^${target}\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime "${FUZZMINIMIZE:-10x}" "$package"
  count=$((count + 1))
done < <(grep -r --include='*_test.go' -E '^func Fuzz[A-Z0-9_]' internal cmd | sort)

if [ "$count" -eq 0 ]; then
  echo "fuzz.sh: found no fuzz target" >&2
  exit 1
fi
echo "$count fuzz targets, nothing found"
