#!/bin/sh
# Measures the classifier's engine beside Vectorscan and Go's regexp on one core, and prints tables in Markdown.
# CPU is the core (the last one), SIZES the numbers of rules, BUDGET the time of one run.
# Vectorscan needs, on Debian: apt-get install gcc libc6-dev pkg-config libvectorscan-dev
set -eu
cd "$(dirname "$0")"
cpu=${CPU:-$(($(nproc) - 1))}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
engines='byte sum|Sigill|regexp, one by one'
if pkg-config --exists libhs 2>/dev/null; then
	CGO_ENABLED=1 go build -tags native -o "$out/classbench" ./cmd/classbench
	engines="$engines|ends only"
else
	echo "run.sh: no Vectorscan here, so there are no ratios to it; on Debian: apt-get install pkg-config libvectorscan-dev" >&2
	go build -o "$out/classbench" ./cmd/classbench
fi
taskset -c "$cpu" "$out/classbench" -sizes "${SIZES:-10,100,1000,10000}" -budget "${BUDGET:-500ms}" -engines "$engines" >"$out/lines.json"
go run ./cmd/report "$out/lines.json"
